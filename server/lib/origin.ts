// Origins (RFC 6454 §6.1), as browsers write them.

/** RFC 6454 §4: browsers leave it out. */
export const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  http: '80',
  https: '443',
  ws: '80',
  wss: '443',
}

/** The whole of an origin is meant: a pattern that is found anywhere in it would let strangers in. */
export const wholeRegex = (regex: string): string => `^(?:${regex})$`
