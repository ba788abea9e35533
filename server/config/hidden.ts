/** In place of a secret: long enough for one, so that what is shown is a valid config. */
export const HIDDEN = '(a secret, hidden)'
