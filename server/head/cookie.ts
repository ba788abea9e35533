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

/** Where the value of the next cookie of `name=` begins, from `at` on; -1: there is none. */
export function nextCookie(field: string, nameAndEquals: string, at: number): number {
  for (let from = at; ;) {
    const found = field.indexOf(nameAndEquals, from)
    if (found === -1) return -1
    let before = found - 1
    while (before >= 0 && (field.charCodeAt(before) === SPACE || field.charCodeAt(before) === TAB)) before--
    if (before === -1 || field.charCodeAt(before) === SEMICOLON) return found + nameAndEquals.length
    from = found + 1
  }
}

/** Where the value that begins there ends. */
export function cookieEnd(field: string, start: number): number {
  const semicolon = field.indexOf(';', start)
  let end = semicolon === -1 ? field.length : semicolon
  while (end > start && (field.charCodeAt(end - 1) === SPACE || field.charCodeAt(end - 1) === TAB)) end--
  return end
}

/** A Cookie field without the cookies of this name; '' where nothing is left. */
export function withoutCookie(field: string, name: string): string {
  const isOther = (pair: string): boolean => !pair.trimStart().startsWith(`${name}=`)
  return field.split(';').filter(isOther).join(';').trim()
}
