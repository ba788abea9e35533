// Methods that get a label of their own in metrics, and what RFC 9110 §9.2 says of them. Data only.

/** In this order; a method's place is its id, and "other" (the last) is every further one. */
export const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'QUERY',
  'other',
] as const
export const METHOD_OTHER = METHODS.length - 1
export const METHOD_GET = 0
export const METHOD_HEAD = 1
export const METHOD_OPTIONS = 5
export const METHOD_TRACE = 7
export const METHOD_CONNECT = 8

/** RFC 9110 §9.2.2: these may be sent again when an answer did not come. By id. */
export const IDEMPOTENT: readonly boolean[] = METHODS.map((name) =>
  ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'QUERY'].includes(name),
)
