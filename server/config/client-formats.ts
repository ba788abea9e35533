// Formats of what is asked of clients' certificates.
import { CLIENT_AUTH } from '../lib/client-auth.ts'
import { readNameText } from '../lib/distinguished-name.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { type Format, no } from './format.ts'

/** As others call them: nginx, Traefik and Go. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  on: 'required',
  require: 'required',
  requireandverifyclientcert: 'required',
  verifyclientcertifgiven: 'optional',
  requireanyclientcert: 'any',
  optional_no_ca: 'request',
  requestclientcert: 'request',
  none: 'off',
  noclientcert: 'off',
}

export const clientAuth: Format = {
  decode(text) {
    const word =
      CLIENT_AUTH.find((one) => one === text) ??
      (/^[0-4]$/.test(text) ? CLIENT_AUTH[Number(text)] : undefined)
    if (word !== undefined) return { value: word }
    const lower = text.toLowerCase()
    return no(`one of ${CLIENT_AUTH.join(', ')}, or its number in Go, 0 to 4`, null, [
      OTHER_WORDS[lower] ?? lower,
    ])
  },
  takesNumbers: true,
}

const NAME =
  'a name such as "a.example", "*.a.example", "spiffe://a.example/ns/*", "me@a.example" or an address'
const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?'
const HOST = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`)

export const clientName: Format = {
  decode(text) {
    const [, kind, bare = text] = /^(DNS|URI|email|IP|IP Address):\s*(.+)$/i.exec(text) ?? []
    if (kind !== undefined && kind.toLowerCase() !== 'uri')
      return no(NAME, 'its kind is seen by itself', [bare])
    if (kind !== undefined && bare.includes('://')) return no(NAME, 'its kind is seen by itself', [bare])
    if (/[^!-~]/.test(text) || text.length > 1024) return no(NAME)
    if (text.includes('://'))
      return /\*(?!$)|[^/]\*$/.test(text)
        ? no(NAME, '"*" stands only at the end, behind "/"')
        : { value: text }
    if (text.includes('@'))
      return text.includes('*') ? no(NAME, '"*" stands in no email address') : { value: text }
    const address = canonicalAddress(text)
    return address !== null || HOST.test(text) ? { value: text } : no(NAME)
  },
}

export const subjectName: Format = {
  decode(text) {
    if (readNameText(text) !== null) return { value: text }
    const byOpenssl = text.replace(/^\//, '').replaceAll('/', ', ')
    const hint = text.includes('=') ? 'a "," or "+" in a value is written "\\,"' : null
    return no('attributes of a name, such as "CN=alice, O=Acme"', hint, [byOpenssl, `CN=${text}`])
  },
}
