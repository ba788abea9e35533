// The kinds of value that config is written in, beside TypeBox's own. Each is a string in the file; `format`
// tells config/formats.ts how to decode it, and the static type is what the code receives.
import { Type, type TSchema } from '@sinclair/typebox'

export interface KindOptions {
  readonly description: string
  readonly default?: string
}

/** Bounds as they would be written: "1ms", "1MiB". */
export interface BoundedKindOptions extends KindOptions {
  readonly least?: string
  readonly most?: string
}

/** `250ms 10s 1m 1h 1d`, decoded to milliseconds. */
export const Duration = (options: BoundedKindOptions) =>
  Type.Unsafe<number>({ type: 'string', format: 'duration', examples: ['250ms', '10s', '1h'], ...options })

/** An instant with its zone (RFC 3339), kept as written: Date.parse reads it. */
export const Instant = (options: KindOptions) =>
  Type.Unsafe<string>({
    type: 'string',
    format: 'instant',
    examples: ['2030-01-31T18:00:00Z', '2030-01-31T18:00:00+01:00'],
    ...options,
  })

/** `512 10KiB 10MiB 1GiB` (also KB, MB, GB), decoded to bytes. */
export const Size = (options: BoundedKindOptions) =>
  Type.Unsafe<number>({ type: 'string', format: 'size', examples: ['64KiB', '10MiB'], ...options })

/** What an address may be beside `host:port`: `unix:/path`, and a range of ports. */
interface BindTakes {
  readonly takesUnix?: true
  readonly takesRange?: true
}

/** `host:port`, `[v6]:port` or `:port`, kept as written. */
export const Bind = (options: KindOptions & BindTakes & { readonly port?: number }) =>
  Type.Unsafe<string>({ type: 'string', format: 'bind', ...options })

/** The address and port of a DNS server, kept as written. */
export const DnsServer = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'dns-server', ...options })

/**
 * An address or a CIDR range, v4 or v6, kept as written; with `takesUnix` also `unix:`, which is whoever
 * comes by a Unix socket.
 */
export const Cidr = (options: KindOptions & { readonly takesUnix?: true }) =>
  Type.Unsafe<string>({ type: 'string', format: 'cidr', ...options })

/** `[A-Za-z0-9_.-]{1,63}`: the name of a listener, rule, backend or server. */
export const Name = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'name', ...options })

/** `scheme://host[:port]` (server-url.ts), kept as written. */
export const ServerUrl = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'server-url', ...options })

/** A regular expression that compiles, kept as its source. */
export const Regex = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'regex', ...options })

/** A regular expression that cannot be made to take long (regex-safety.ts), kept as its source. */
export const SafeRegex = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'safe-regex', ...options })

/** An origin (RFC 6454 §6.1), a pattern of some, "*" or "null", kept as written. */
export const Origin = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'origin', ...options })

/** Bytes as text with escapes, kept as written: lib/escapes.ts reads it. */
export const Bytes = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'bytes', ...options })

/** A header field name: token characters only (RFC 9110 §5.1). */
export const FieldName = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'field-name', ...options })

/** A header field value: no control characters (RFC 9110 §5.5). */
export const FieldValue = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'field-value', ...options })

/** One line of text without control characters. */
export const TextValue = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'text-value', ...options })

/** An IP address, kept as written. */
export const IpAddress = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'address', ...options })

/** `first-last`, both from 1024 to 65535, kept as written: lib/port-range.ts reads it. */
export const PortRange = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'port-range', ...options })

/** A file's mode in octal digits, kept as written. */
export const FileMode = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'file-mode', ...options })

/** The name or number of a group of users, kept as written. */
export const GroupName = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'group', ...options })

/** A file, absolute in the code: in the file it is relative to the config file's folder. */
export const FilePath = (
  options: KindOptions & { readonly secret?: true; readonly isCode?: true; readonly allowed?: string },
) => Type.Unsafe<string>({ type: 'string', format: 'path', ...options })

/** A hash of a password (password-hash.ts), which no problem may show. */
export const PasswordHash = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'password-hash', secret: true, ...options })

/** The hash of a key (key-hash-text.ts), which no problem may show. */
export const KeyHash = (options: KindOptions) =>
  Type.Unsafe<string>({ type: 'string', format: 'key-hash', secret: true, ...options })

/** A text that no problem may show. */
export const Secret = (options: KindOptions & { readonly minLength: number; readonly maxLength?: number }) =>
  Type.Unsafe<string>({ type: 'string', maxLength: 512, secret: true, ...options })

/** A map, or one word (or false) in place of it. */
export const OrWord = <const W extends string | false, T extends TSchema>(
  word: W,
  map: T,
  options: { description: string; default?: object; whenMissing?: string; secret?: true },
) => Type.Unsafe<W | T['static']>({ anyOf: [Type.Literal(word), map], format: 'or-word', ...options })

/** A map, or in its short form a single value. */
export const ValueOrMap = <V extends TSchema, M extends TSchema>(
  value: V,
  map: M,
  options: { description: string; default?: string },
) => Type.Unsafe<V['static'] | M['static']>({ anyOf: [value, map], format: 'value-or-map', ...options })

/** One value or a list of them in the file, which holds `least` or more; always a list in the code. */
export const OneOrMore = <T extends TSchema>(
  item: T,
  description: string,
  defaults?: readonly string[],
  least = 1,
) =>
  Type.Unsafe<T['static'][]>({
    anyOf: [item, Type.Array(item, { minItems: least })],
    format: 'one-or-more',
    description,
    ...(defaults && { default: [...defaults] }),
  })

/** The same where there must be one. */
export const NeedsOneOrMore = <T extends TSchema>(item: T, description: string) => ({
  ...OneOrMore(item, description),
  isNeeded: true,
})

/** Most addresses that a listener may name. */
const BINDS_MAX = 64

/**
 * One address that is opened, or a list of them; always a list in the code. There must be one, unless
 * `mayLack`: then its list is empty.
 */
export const Binds = (description: string, { mayLack, ...takes }: BindTakes & { mayLack?: true } = {}) => {
  const item = Bind({ description: 'An address.', ...takes })
  return Type.Unsafe<readonly string[]>({
    anyOf: [item, Type.Array(item, { minItems: 1, maxItems: BINDS_MAX })],
    format: 'one-or-more',
    isNeeded: mayLack !== true,
    description,
  })
}

/** A map whose keys have a format of their own. */
export const MapOf = <T extends TSchema>(
  keys: 'name' | 'field-name' | 'user-name' | 'host-pattern' | 'query-name' | 'cookie-name' | 'claim-name',
  value: T,
  description: string,
  more: { default?: object; secret?: true } = {},
) =>
  Type.Unsafe<Record<string, T['static']>>({
    type: 'object',
    additionalProperties: value,
    keys,
    description,
    ...more,
  })

/** A map whose schema is told by the word under a key of it; without that word it is the first one. */
export const MapBy = <const T extends readonly TSchema[]>(
  key: string,
  schemas: T,
  options: { description: string; said?: Readonly<Record<string, string>> },
) => Type.Unsafe<T[number]['static']>({ anyOf: [...schemas], format: 'map-by', by: key, ...options })

/** A closed list of words. */
export const Words = <const T extends readonly string[]>(
  words: T,
  options: { description: string; default?: T[number]; said?: Readonly<Record<string, string>> },
) => Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...options })
