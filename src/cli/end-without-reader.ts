/** Whoever reads only the beginning (`… | head`) has what they wanted: that ends a command, and is no failure of it. */
export function endWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
