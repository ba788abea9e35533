// What the words of an issuer of tokens mean, for who checks them and who reads tokens by them.

/** What of them says which keys there are. */
interface KeyWords {
  readonly jwks_url?: string | undefined
  readonly jwks_file?: string | undefined
  readonly key?: string | undefined
  readonly algorithms: readonly string[]
}

const OF_PUBLIC_KEYS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
const OF_SECRETS = ['HS256', 'HS384', 'HS512']

export const isPem = (key: string): boolean => key.trimStart().startsWith('-----BEGIN ')
export const isOfSecret = (algorithm: string): boolean => algorithm.startsWith('HS')

/** A key that both share. */
export const hasSecret = ({ key }: Pick<KeyWords, 'key'>): boolean => key !== undefined && !isPem(key)

/**
 * How tokens may be signed. None by a secret where there is a public key: anybody could sign by that as if it
 * were one.
 */
export function algorithmsOf(words: KeyWords): readonly string[] {
  const fit = hasSecret(words) ? OF_SECRETS : OF_PUBLIC_KEYS
  return words.algorithms.length === 0 ? fit : words.algorithms.filter((one) => fit.includes(one))
}

/** Where its keys are looked up: a URL or the path of a file; null: they stand in the config. */
export const keySourceOf = ({
  jwks_url: url,
  jwks_file: file,
}: Omit<KeyWords, 'algorithms'>): string | null => url ?? file ?? null

/** More are no set of one issuer. */
const KEYS_MAX = 256

/** What stands against a text as a set of keys (RFC 7517 §5); null: nothing. */
export function whyNoKeys(text: string): string | null {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    return 'it is no JSON'
  }
  const keys = typeof set === 'object' && set !== null ? (set as { readonly keys?: unknown }).keys : undefined
  if (!Array.isArray(keys)) return 'it has no "keys"'
  if (keys.length > KEYS_MAX) return `it has more than ${KEYS_MAX} keys`
  return keys.some(isPublicKey) ? null : 'it has no public key (RSA, EC or OKP)'
}

function isPublicKey(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false
  const { kty, use } = key as { readonly kty?: unknown; readonly use?: unknown }
  return ['RSA', 'EC', 'OKP'].includes(String(kty)) && (use === undefined || use === 'sig')
}
