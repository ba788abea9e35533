// Cookies of a request (RFC 6265 §4.2): `name=value` pairs with semicolons between them.

const SEMICOLON = 59
const EQUALS = 61
const SPACE = 32
const TAB = 9

/** The values of the cookies of this name in a Cookie field. */
export function cookiesIn(field: string, name: string): string[] {
  const values: string[] = []
  let at = 0
  while (at < field.length) {
    while (field.charCodeAt(at) === SPACE || field.charCodeAt(at) === TAB) at++
    let end = at
    while (end < field.length && field.charCodeAt(end) !== SEMICOLON) end++
    const value = at + name.length + 1
    if (value <= end && field.charCodeAt(value - 1) === EQUALS && field.startsWith(name, at))
      values.push(field.slice(value, end).trimEnd())
    at = end + 1
  }
  return values
}
