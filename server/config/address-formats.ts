// Formats of addresses: what is opened, who is let in, which server is spoken to.
import { domainToASCII } from 'node:url'
import { portRangeOf, unixPathOf } from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { BY_UNIX, parseRange } from '../lib/ranges.ts'
import { parsePortRange } from '../lib/port-range.ts'
import { schemeOf, SCHEMES } from '../lib/server-url.ts'
import { type Bounds, type Decoded, type Format, no } from './format.ts'
import { decodeUnix } from './unix-formats.ts'

/** Letters, digits, hyphens and underscores in labels of 1 to 63; no dot at the end. */
const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$/.test(text)
/** A last label that is a number is an address with a slip in it (WHATWG URL: ends in a number). */
const isHost = (text: string): boolean =>
  canonicalAddress(text) !== null
    ? !text.includes(':')
    : isHostName(text) && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/i.test(text)
const isBracketed = (text: string): boolean =>
  text.startsWith('[') &&
  text.endsWith(']') &&
  text.includes(':') &&
  canonicalAddress(text.slice(1, -1)) !== null

const OF_ONE_LINK =
  'an address of one link (fe80::…, "%") is not opened by itself: write [::] or another address'

export const bind: Format = {
  decode(text, bounds) {
    const path = bounds.takesUnix ? unixPathOf(text) : null
    if (path !== null) return decodeUnix(path, 'unix:')
    const range = bounds.takesRange ? portRangeOf(text) : null
    if (range !== null) return decodeRange(text, range)
    if (!bounds.takesRange && portRangeOf(text) !== null)
      return no(BIND, 'one port only: ranges are for http, https and tcp listeners')
    const match = /^(.*):([0-9]{1,5})$/.exec(text)
    const [, host = '', port = ''] = match ?? []
    const isGood = host === '' || host === '*' || isHost(host) || isBracketed(host)
    if (/^\[fe[89ab][0-9a-f]:/i.test(host)) return no(BIND, OF_ONE_LINK)
    if (match !== null && isGood && Number(port) <= 65535) return { value: text }
    const plain = text.replace(/[;,]$/, '')
    if (plain !== text) return no(BIND, null, [plain])
    if (bounds.takesUnix && /^unix\/\/|^\//.test(text))
      return no(BIND, null, [`unix:${text.replace(/^unix\/\//, '/')}`])
    if (/^unix:|^[/@]/.test(text))
      return no(BIND, 'TCP and UDP only: a socket of the file system is not opened')
    const variable = /\$[A-Za-z_]\w*/.exec(text)?.[0]
    if (variable !== undefined) return no(BIND, bracesFor(variable))
    if (match !== null && Number(port) > 65535) return no(BIND, PORTS)
    if (/^\[?[0-9A-Fa-f:]+%[^\]]*\]?(?::[0-9]*)?$/.test(text)) return no(BIND, OF_ONE_LINK)
    if (/^[^\s,;]+(?:[\s,;]+[^\s,;]+)+$/.test(text)) return no(BIND, 'one address only: a listener for each')
    if (/^[0-9]{1,5}$/.test(text)) return no(BIND, null, atPort(text, bounds))
    const [, bare = ''] = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/)?([^/]*)/.exec(text) ?? []
    const isAddress = canonicalAddress(bare) !== null || isBracketed(bare)
    const usual = isAddress ? bounds.port : undefined
    const [, before = bare, after = usual ?? ''] = /^(.*):([0-9]{1,5})$/.exec(bare) ?? []
    // Listeners with a usual port are those that take addresses only.
    if (bounds.port !== undefined && canonicalAddress(before.replace(/^\[(.*)\]$/, '$1')) === null)
      return no(BIND, before === '' ? null : 'write an address in place of the name')
    const isV6 = before.includes(':') && !before.startsWith('[')
    const whole = isV6 ? `[${before}]` : before
    const unbracketed = canonicalAddress(bare)
    // "::1" is an address without a port as well as ":" and a port: as an address it is the likelier.
    if (unbracketed !== null && bare.includes(':') && bounds.port !== undefined)
      return no(BIND, null, [`[${bare}]:${bounds.port}`])
    if (after !== '') return no(BIND, null, [`${whole}:${after}`])
    const isKnown = isHost(bare) || isBracketed(bare) || bare.includes(':')
    return no(BIND, isKnown ? 'write the port behind it, after ":"' : null)
  },
  mendsOfNumber: (number, bounds) => atPort(String(number), bounds),
}
/** A range of ports at one address. */
function decodeRange(
  text: string,
  { first, last }: { readonly first: number; readonly last: number },
): Decoded {
  const host = text.slice(0, text.lastIndexOf(':'))
  const isGood = host === '' || host === '*' || isHost(host) || isBracketed(host)
  if (!isGood || first === 0 || last > 65535) return no(BIND, PORTS)
  if (first > last) return no(BIND, 'the smaller port comes first', [`${host}:${last}-${first}`])
  if (first === last) return no(BIND, null, [`${host}:${first}`])
  return last - first < RANGE_PORTS_MAX ? { value: text } : no(`a range of at most ${RANGE_PORTS_MAX} ports`)
}
const RANGE_PORTS_MAX = 1000

/** Without braces a variable is text. */
const bracesFor = (variable: string): string =>
  `for an environment variable write \${${variable.slice(1)}} in place of ${variable}`
const PORTS = 'ports go from 1 to 65535'
const BIND = '"address:port", such as "0.0.0.0:8080", "[::]:8080" or ":8080"'

/**
 * What a port alone may have meant. Where only this machine is let in unless somebody says otherwise, that is
 * not widened.
 */
function atPort(port: string, bounds: Bounds): readonly string[] {
  const [, usual] = /^(.*):[0-9]+$/.exec(typeof bounds.default === 'string' ? bounds.default : '') ?? []
  return usual === undefined ? [`0.0.0.0:${port}`, `127.0.0.1:${port}`] : [`${usual}:${port}`]
}

export const dnsServer: Format = {
  decode(text) {
    const [, host = '', port = ''] = /^(.*):([0-9]{1,5})$/.exec(text) ?? []
    const isAddress = (one: string): boolean =>
      one.startsWith('[') ? isBracketed(one) : !one.includes(':') && canonicalAddress(one) !== null
    if (isAddress(host) && Number(port) > 0 && Number(port) <= 65535) return { value: text }
    const bare = text.replace(/^[a-z]+:\/\//i, '')
    const isV6 = bare.includes(':') && canonicalAddress(bare) !== null
    if (isV6) return no(DNS_SERVER, null, [`[${bare}]:53`])
    if (isAddress(bare)) return no(DNS_SERVER, null, [`${bare}:53`])
    if (isAddress(host)) return no(DNS_SERVER, null, [`${host}:53`])
    const [, name = ''] = /^([^:/]+)(?::[0-9]+)?$/.exec(bare) ?? []
    if (isHost(name))
      return no(DNS_SERVER, 'write its address: a name would need the DNS server that it names')
    return no(DNS_SERVER, host === '' || host === '*' ? 'write the address of the server before ":"' : null)
  },
}
const DNS_SERVER = 'the address and port of a DNS server, such as "10.0.0.2:53" or "[2001:db8::2]:53"'

export const cidr: Format = {
  decode(text, { takesUnix }) {
    if (parseRange(text) !== null) return { value: text }
    if (takesUnix && text === BY_UNIX) return { value: text }
    const bare = text.trim().replace(/\s*\/\s*/, '/')
    const [, three = ''] = /^([0-9]{1,3}(?:\.[0-9]{1,3}){2})\.\*$/.exec(bare) ?? []
    const [, two = ''] = /^([0-9]{1,3}\.[0-9]{1,3})\.\*(?:\.\*)?$/.exec(bare) ?? []
    const [, host = ''] = /^([0-9.]+):[0-9]+$|^\[[0-9A-Fa-f:.]+\](?::[0-9]+)?$/.exec(bare) ?? []
    const bracketed = /^\[([^\]]+)\]/.exec(bare)?.[1] ?? ''
    const mends = [bare, host, bracketed, `${three}.0/24`, `${two}.0.0/16`]
    const isName = isHostName(text) && /[A-Za-z]/.test(text)
    return no(
      'an address or range, such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32',
      isName ? 'write the address: names are not looked up' : null,
      mends,
    )
  },
}

export const serverUrl: Format = {
  decode(text) {
    const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(\/?)(.*)$/.exec(text)
    const [, scheme = '', authority = '', , rest = ''] = match ?? []
    const variable = /\$[A-Za-z_]\w*/.exec(text)?.[0]
    if (variable !== undefined) return no(SERVER_URL, bracesFor(variable))
    const [, host = '', bracketed = '', port] = SERVER_SHAPE.exec(text) ?? []
    if (isNoPort(port) && (isHost(host) || isBracketed(bracketed))) return no(SERVER_URL, PORTS)
    const known = match === null ? undefined : schemeOf(text)
    if (known !== undefined && authority.startsWith('unix:')) return decodeUnixServer(text, scheme)
    if (known !== undefined && rest === '' && isAuthority(authority)) {
      if (known.port !== null || /:[0-9]+$/.test(authority)) return { value: text }
      return no(SERVER_URL, `write the port behind it: ${scheme} has none of its own`)
    }
    if (/^[^,;\s]+[,;]$/.test(text)) return no(SERVER_URL, null, [urlOf(text.slice(0, -1))])
    if (/[,;\s]/.test(text.trim())) return no(SERVER_URL, eachOf(text))
    if (/^unix:|^\//.test(text) && !text.startsWith('//'))
      return no(SERVER_URL, null, [`http://unix:${text.replace(/^unix:(?:\/\/(?=\/))?/, '')}`])
    if (match !== null && !Object.hasOwn(SCHEMES, scheme.toLowerCase())) return no(SERVER_URL, OTHER_SCHEMES)
    if (/^[0-9]+(?:\.[0-9]+)+$/.test(host) && canonicalAddress(host) === null)
      return no(SERVER_URL, `${host} is no address: four numbers from 0 to 255 are`)
    const path =
      known?.family === 'http' ? 'leave the path out: that of the request is used' : 'leave the path out'
    const hint = rest !== '' ? path : null
    return no(SERVER_URL, authority.includes('@') ? 'leave user and password out' : hint, [urlOf(text)])
  },
  mendsOfNumber: (number) => [`http://127.0.0.1:${number}`],
}
/** Of what may be meant as a server, its name or address and its port, whatever comes behind. */
const SERVER_SHAPE = /^(?:[a-z]+:\/\/)?(?:([^/?#:[\]@]*)|(\[[^\]/]*\]))(?::([0-9]+))?(?:[/?#].*)?$/i
const isNoPort = (port: string | undefined): boolean =>
  port !== undefined && (Number(port) < 1 || Number(port) > 65_535)
const SERVER_URL =
  '"http://host", "https://host", "tcp://host:port", "tls://host:port", "udp://host:port" or "http://unix:/path"'
const SPOKEN = Object.keys(SCHEMES).map((scheme) => `"${scheme}://"`)
const OTHER_SCHEMES = `servers are spoken to by ${SPOKEN.slice(0, -1).join(', ')} or ${SPOKEN.at(-1)} only`

/** `scheme://unix:/path`; a colon behind it is how other programs part it from the path of a request. */
function decodeUnixServer(text: string, scheme: string): Decoded {
  if (scheme === 'udp') return no(SERVER_URL, 'datagrams go to an address and port')
  const before = `${scheme}://unix:`
  const path = text.slice(before.length)
  const [, file = ''] = /^(\/[^:]*):\/?$/.exec(path) ?? []
  return file === '' ? decodeUnix(path, before) : no(SERVER_URL, null, [`${before}${file}`])
}

function isAuthority(authority: string): boolean {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?$/.exec(authority) ?? []
  const plain = host.replace(/\.$/, '')
  // A dot stands behind names only.
  const isNamed = isHost(plain) && (plain === host || canonicalAddress(plain) === null)
  const isGood = isNamed || isBracketed(host)
  return isGood && (port === undefined || (Number(port) >= 1 && Number(port) <= 65535))
}

/** The URL that was probably meant; what comes of it is looked at before it is shown. */
function urlOf(text: string): string {
  const [, named = 'http'] = /^([a-z]+):\/\//i.exec(text.trim()) ?? []
  const scheme = Object.hasOwn(SCHEMES, named.toLowerCase()) ? named.toLowerCase() : 'http'
  const bare = text
    .trim()
    .replace(/^(?:https?|[a-z]+(?=:\/\/)):?\/*|^\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/^.*@/, '')
  if (/^:[0-9]+$/.test(bare)) return `${scheme}://127.0.0.1${bare}`
  if (isAuthority(bare)) return `${scheme}://${bare}`
  if (/^\[[^\]]*$/.test(bare)) return `${scheme}://${bare}]`
  if (canonicalAddress(bare) !== null) return `${scheme}://[${bare}]`
  const [, host = '', port = ''] = /^(.*):([0-9]+)$/.exec(bare) ?? []
  return `${scheme}://[${host}]:${port}`
}

/** How to write several URLs in one text. */
function eachOf(text: string): string | null {
  const parts = text.split(/[,;\s]+/).filter((part) => part !== '')
  return parts.length > 1 &&
    parts.every((part) => isAuthority(part.replace(/^https?:\/\//i, '').replace(/\/$/, '')))
    ? 'one URL only: write a server for each'
    : null
}

export const address: Format = {
  decode(text) {
    if (canonicalAddress(text) !== null) return { value: text }
    // With a port, a prefix, a zone or brackets.
    const [, host = ''] = /^\[?([0-9.]+|[0-9A-Fa-f:.]+)(?:\]|:[0-9]+$|[/%])/.exec(text.trim()) ?? []
    return no('an IP address, such as 203.0.113.7 or 2001:db8::1', null, [host, text.trim()])
  },
}

export const portRange: Format = {
  decode(text) {
    if (parsePortRange(text) !== null) return { value: text }
    const [, low = '', high = low] = /^ *([0-9]{4,5})(?: *[-–—:.]+ *([0-9]{4,5}))? *$/.exec(text) ?? []
    return no(PORT_RANGE, null, [`${low}-${high}`, `${high}-${low}`])
  },
  mendsOfNumber: (number) => [`${number}-${number}`],
}
const PORT_RANGE = 'two ports from 1024 to 65535, the smaller one first, such as 49152-65535'

export const serverName: Format = {
  decode(text) {
    if (canonicalAddress(text) !== null || isHost(text.replace(/\.$/, ''))) return { value: text }
    const bare = text.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, '').replace(/[/?#].*$/, '')
    const mends = [bare, bare.replace(/:[0-9]+$/, ''), bare.replace(/^\[(.*)\]$/, '$1')]
    const hint = text.startsWith('*')
      ? 'write the name that a certificate must be for: it may have "*" itself'
      : null
    return no('the name of a host, such as "app.example.org", or an address', hint, mends)
  },
}

export const hostPattern: Format = {
  decode(text) {
    const host = text.replace(/\.$/, '')
    const plain = host.startsWith('*.') ? host.slice(2) : host
    if (isHost(plain) || isBracketed(text)) return { value: text }
    if (text === '*') return no(HOST_PATTERN, 'leave it out to match every name')
    const bare = text
      .trim()
      .replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, '')
      .replace(/[/?#].*$/, '')
    const mends = [bare, bare.replace(/:[0-9]+$/, ''), `*${bare}`, bare.replace(/^\*/, '*.'), asked(bare)]
    if (/:[0-9]+$/.test(text)) return no(HOST_PATTERN, 'leave the port out: it is not compared', mends)
    return no(HOST_PATTERN, text.includes('://') ? 'leave the scheme out' : null, mends)
  },
}
/** A name in another script, as clients ask for it (RFC 5890: A-labels). */
const asked = (name: string): string =>
  name.startsWith('*.') ? `*.${domainToASCII(name.slice(2))}` : domainToASCII(name)
const HOST_PATTERN = 'a host name such as "example.org", or "*.example.org"'
