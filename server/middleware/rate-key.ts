// What the counts of a limit are told apart by.
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { Exchange } from '../http/exchange.ts'
import { networkKey } from '../lib/ip-address.ts'
import { loosen } from '../rules/path.ts'
import { queryValues } from '../rules/query.ts'
import { variable } from '../rules/variables.ts'
import { pluginKey, type PluginWorld } from './plugin-key.ts'
import type { KeyConfig } from './request-key.options.ts'

/** The key of an exchange; null: it lacks what is asked for, or has it more than once. */
export type RateKey = (x: Exchange) => string | null

/** The key that a list of words names: of several, their combination. */
export function rateKey(config: Omit<KeyConfig, 'missing'>, world: PluginWorld = NO_WORLD): RateKey {
  const parts = config.key.map((word) => partOf(word, config, world))
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  return (x) => {
    let key = ''
    for (const part of parts) {
      const value = part(x)
      if (value === null) return null
      // Lengths keep "a" + "bc" apart from "ab" + "c".
      key += `${value.length}:${value}`
    }
    return key
  }
}

/** The words of a key, spelled in one way: limits are found by them. */
export const keyText = ({ key }: Pick<KeyConfig, 'key'>): string =>
  key.map((word) => word.replace('.', ' ')).join(',')

/** Where what lacks its key is counted; null: nowhere. */
export function missingKey(config: KeyConfig): RateKey | null {
  if (config.missing === 'pass') return null
  return config.missing === 'together' ? () => '' : rateKey({ ...config, key: ['client_ip'] })
}

function partOf(
  word: string,
  { ipv4_prefix: v4, ipv6_prefix: v6 }: Omit<KeyConfig, 'missing'>,
  world: PluginWorld,
): RateKey {
  const [, kind = '', name = ''] = /^([a-z_]+)[ .]?(.*)$/.exec(word) ?? []
  switch (kind) {
    case 'client_ip':
      // Who is behind a proxy that names nobody counts for the proxy.
      return ({ client }) => networkKey(client.address ?? client.socketAddress, v6, v4)
    case 'connection':
      return ({ client }) => `${client.socketAddress} ${client.port}`
    case 'host':
      return ({ request }) => request.host
    case 'method':
      return ({ request }) => request.method
    case 'path':
      return name === '' ? ({ request }) => pathOf(request) : given(variable(`path.${name}`).read)
    case 'country':
    case 'continent':
    case 'asn':
      return given(variable(kind).read)
    case 'user':
      return ({ identity }) => identity && identity.name
    case 'plugin':
      return pluginKey(name, world)
    case 'claim':
      return ({ identity }) => claimOf(identity, name)
    case 'query':
      return ({ request }) =>
        theOne(request.query === '' ? NONE : (queryValues(request.query).get(name) ?? NONE))
    case 'header': {
      const lower = name.toLowerCase()
      return ({ request }) => theOne(valuesOf(request, lower))
    }
    case 'cookie':
      return ({ request }) => {
        const fields = valuesOf(request, 'cookie')
        return theOne(fields.flatMap((field) => cookiesIn(field, name)))
      }
    default:
      return () => ''
  }
}

const NONE: readonly string[] = []

const given =
  (read: RateKey): RateKey =>
  (x) =>
    read(x) || null
/** Where nobody is served, as where a limit is only explained. */
const NO_WORLD: PluginWorld = {
  plugin: () => null,
  counter: () => ({ add: () => {} }) as never,
  now: () => 0,
}

/** As lenient servers read it: who spells one path in many ways has no count for each of them. */
function pathOf({ path, plainPath }: RequestHead): string {
  return plainPath && !path.includes('//') && !path.includes(';') ? path : loosen(path)
}

/** Values of a field, as they came or as a step before has set it. */
function valuesOf(request: RequestHead, lower: string): readonly string[] {
  const first = request.get(lower)
  if (first === null) return NONE
  const all = request.values(lower)
  return all[0] === first ? all : [first]
}

/** Of several that differ nobody knows which the server takes: a client could add any to its own. */
function theOne([first = '', ...others]: readonly string[]): string | null {
  return first !== '' && others.every((other) => other === first) ? first : null
}

/** A text, a number or a truth; of a list all of it. What is nested tells nobody apart. */
function claimOf(identity: Exchange['identity'], name: string): string | null {
  const value: unknown =
    identity === null || !Object.hasOwn(identity.claims, name) ? null : identity.claims[name]
  if (typeof value === 'string') return value === '' ? null : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) && value.length > 0 ? JSON.stringify(value) : null
}
