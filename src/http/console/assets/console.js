/** Everything here is a convenience: each page works without it. */
import './copy.js';
import './keys.js';
import './live.js';
import './times.js';
