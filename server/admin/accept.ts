// Which form of a document is wanted (RFC 9110 §12.5.1).

/** Whether plain text is preferred to JSON: by ?format=prometheus, or by a higher weight in Accept. */
export function wantsText(accept: string | null, format: string | null): boolean {
  if (format !== null) return format === 'prometheus' || format === 'text'
  if (accept === null) return false
  const text = Math.max(
    weightOf(accept, 'text', 'plain'),
    weightOf(accept, 'application', 'openmetrics-text', false),
  )
  return text > weightOf(accept, 'application', 'json')
}

/** Whether a page is asked for by name and preferred to text, as browsers do; programs take anything. */
export function wantsPage(accept: string | null): boolean {
  if (accept === null) return false
  const page = weightOf(accept, 'text', 'html', false)
  return page > 0 && page >= weightOf(accept, 'text', 'plain', false)
}

/** The weight of the most specific range that holds this type; 0 when none does. */
export function weightOf(accept: string, type: string, subtype: string, hasWildcards = true): number {
  let best = { precision: 0, weight: 0 }
  for (const item of accept.toLowerCase().split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim())
    const precision = precisionOf(range, type, subtype)
    if (precision <= best.precision || (precision < 3 && !hasWildcards)) continue
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = q === undefined ? 1 : Number(q.slice(2))
    best = { precision, weight: weight >= 0 && weight <= 1 ? weight : 0 }
  }
  return best.weight
}

function precisionOf(range: string, type: string, subtype: string): number {
  if (range === `${type}/${subtype}`) return 3
  if (range === `${type}/*`) return 2
  return range === '*/*' ? 1 : 0
}
