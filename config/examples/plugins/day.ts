/** A day by the calendar of UTC: 2026-01-31. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
