/** What tests read files with, in a browser or in Node. */
export { Refused } from "./errors";
export { readOrigin } from "./marker";
export { readJpeg } from "./reader";
