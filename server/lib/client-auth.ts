// Whether clients are asked for a certificate, and what is asked of those that they show.

/** In the order of crypto/tls of Go, whose numbers some configs have. */
export const CLIENT_AUTH = ['off', 'request', 'any', 'optional', 'required'] as const
export type ClientAuth = (typeof CLIENT_AUTH)[number]

/** One must be shown. */
export const isNeeded = (mode: ClientAuth): boolean => mode === 'any' || mode === 'required'
/** One that is shown must be of an issuer that is trusted, valid now and not revoked. */
export const isVerified = (mode: ClientAuth): boolean => mode === 'optional' || mode === 'required'

/** What is written of a listener, or of one of its names. */
export interface ClientAuthWords {
  readonly mode?: ClientAuth | undefined
  readonly ca: readonly string[]
  readonly crl: readonly string[]
  readonly allow?: readonly AllowedWords[] | undefined
}

/** All of it that is written must hold. */
export interface AllowedWords {
  readonly san?: string | undefined
  readonly subject?: string | undefined
  readonly spki?: string | undefined
}

/** What holds for one name. */
export interface ClientRules {
  readonly mode: ClientAuth
  readonly ca: readonly string[]
  readonly crl: readonly string[]
  /** Left out: everybody. */
  readonly allow?: readonly AllowedWords[] | undefined
}

const OFF: ClientRules = { mode: 'off', ca: [], crl: [] }

/** Of a listener; and of one of its names, where what is left out is that of the listener. */
export function clientRules(listener: ClientRules, words: ClientAuthWords = listener): ClientRules {
  const { mode = listener.mode, allow = listener.allow } = words
  if (mode === 'off') return OFF
  const { ca, crl } = listener
  return { mode, ca: words.ca.length > 0 ? words.ca : ca, crl: words.crl.length > 0 ? words.crl : crl, allow }
}

/** Files whose texts these words need. */
export const clientFilesOf = (
  words: ClientRules & { readonly names: Readonly<Record<string, ClientAuthWords>> },
): readonly string[] =>
  [clientRules(words), ...Object.values(words.names).map((own) => clientRules(words, own))].flatMap(
    ({ ca, crl }) => [...ca, ...crl],
  )
