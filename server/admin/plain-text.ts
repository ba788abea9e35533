// Texts that people send and others read later, beside who did what. Of characters that are not seen but
// change what is seen around them none is taken: controls, and those that turn the direction of what follows
// (UAX #9, 2.1 to 2.4), with which a name looks like another one. Marks of direction (2.6) stay: Arabic and
// Hebrew need them.
const CONTROLS = String.raw`\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f`
const TURNING = String.raw`\u202a-\u202e\u2066-\u2069`

/** Pattern of a line. */
export const LINE = `^[^${CONTROLS}\\t\\n\\r${TURNING}]*$`
/** Pattern of lines. */
export const LINES = `^[^${CONTROLS}${TURNING}]*$`

const UNSEEN = new RegExp(`[${CONTROLS}\\t\\n\\r${TURNING}]`, 'g')

/** A name that somebody else gave, with a mark (U+FFFD) in place of each of them. */
export const plainName = (name: string): string => name.replaceAll(UNSEEN, '\u{FFFD}')
