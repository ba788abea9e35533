// What workers that die and their test agree on: limits, and where in the memory that they tell it by.

/** Place, and how many there are of it. */
export const LIMITS = {
  places: [0, 3],
  permits: [1, 2],
  retries: [2, 4],
  carried: [3, 5],
  'lease a': [4, 2],
  'lease b': [5, 3],
} as const
/** Of other keys. */
export const KEYS = 40

export const ENDING = 0
export const ROUNDS = 1
/** Of each row: whether its worker has begun. */
export const LIVES = 4
/** Of each limit how many each row holds: a byte each. */
export const HELD = 16
/** Of each limit how often it was seen to be passed. */
export const TOO_MANY = 32
