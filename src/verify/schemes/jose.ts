/** The library of JSON Web Tokens, which most receivers never need. */
export const loadJose = () => import('jose');
