// The format of origins (RFC 6454 §6.1): what browsers say a page is of, and patterns of such.
import { DEFAULT_PORTS } from '../lib/origin.ts'
import { type Decoded, type Format, no } from './format.ts'

const ALLOWED =
  'an origin such as https://app.example, "https://*.app.example" for all names below it, "http://localhost:*" for any port, or "*" for all'

const LABELS = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/
const LITERAL = /^\[[0-9a-f:.]+\]$/

export const origin: Format = {
  decode(text): Decoded {
    if (text === '*' || text === 'null') return { value: text }
    const [, scheme = '', host = '', port = '', rest = ''] =
      /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(\[[^\]/]*\]|[^:/?#]*)(?::([0-9]{1,5}|\*))?([/?#].*)?$/.exec(text) ?? []
    if (scheme === '') return no(ALLOWED, null, schemeless(text))
    const lower = `${scheme}://${host}`.toLowerCase()
    const isDefault = DEFAULT_PORTS[scheme.toLowerCase()] === port
    const plain = port === '' || isDefault ? lower : `${lower}:${port}`
    if (/[^\x21-\x7e]/.test(host)) return no(ALLOWED, 'browsers send such a name in its ASCII form (xn--…)')
    if (!LABELS.test(host.toLowerCase()) && !LITERAL.test(host.toLowerCase())) return no(ALLOWED)
    if (rest !== '') return no(ALLOWED, 'an origin has no path', [plain])
    if (isDefault) return no(ALLOWED, `browsers leave :${port} out`, [plain])
    if (plain !== text) return no(ALLOWED, null, [plain])
    return Number(port) > 65535 ? no(ALLOWED, 'ports end at 65535') : { value: text }
  },
}

/** A host alone: which scheme is meant is told by whoever writes it. */
const schemeless = (text: string): string[] =>
  /^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]{1,5})?$/.test(text)
    ? [`https://${text.toLowerCase()}`]
    : []
