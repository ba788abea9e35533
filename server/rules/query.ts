// The parts of a query, and cookies, by their names.

/** All values of each name, in their order. */
export type Values = ReadonlyMap<string, readonly string[]>

/**
 * The parts of a query as HTML forms write them (URL standard §5.1): "+" is a space, escapes are decoded as
 * UTF-8, a name alone has the value "". A name or value with a bad escape is as it came, as some servers
 * leave it so and others refuse it.
 */
export function queryValues(query: string): Values {
  const values = new Map<string, string[]>()
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decoded(equals < 0 ? part : part.slice(0, equals))
    add(values, name, equals < 0 ? '' : decoded(part.slice(equals + 1)))
  }
  return values
}

/** As forms write names and values. */
export function decoded(text: string): string {
  if (!/[%+\x80-\xff]/.test(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) return text
  const plain = text.replaceAll('+', ' ')
  const bytes = plain.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Cookies (RFC 6265 §4.2, §5.4): names and values as they came, without the blanks around them. */
export function cookieValues(fields: readonly string[]): Values {
  const values = new Map<string, string[]>()
  for (const field of fields)
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      if (equals >= 0) add(values, pair.slice(0, equals).trim(), pair.slice(equals + 1).trim())
    }
  return values
}

function add(values: Map<string, string[]>, name: string, value: string): void {
  const known = values.get(name)
  if (known === undefined) values.set(name, [value])
  else known.push(value)
}
