// Texts that stand in for wrong ones, so that the rest can be checked.

/** Begins them: no text of a valid config does. */
export const STAND_IN = '\0'

/** Whether this text stands in for a value that a problem was reported of. */
export const isStandIn = (text: string): boolean => text.startsWith(STAND_IN)
