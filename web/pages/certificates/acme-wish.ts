// What the form of an ACME certificate makes of what is typed, and what is missing in it.
import type { Signal } from '@preact/signals'
import type { JsonMap } from '../../data/merge.ts'

/** What is asked of a CA, as it is typed. */
export interface Wish {
  readonly domains: Signal<readonly string[]>
  readonly ca: Signal<string>
  readonly url: Signal<string>
  /** Path of who signed the certificate of the CA itself. */
  readonly caFile: Signal<string>
  readonly email: Signal<string>
  readonly challenge: Signal<string>
  readonly command: Signal<string>
  readonly profile: Signal<string>
  readonly kid: Signal<string>
  readonly hmac: Signal<string>
  readonly agrees: Signal<boolean>
}

export const directoryOf = ({ ca, url }: Wish): string => (ca.value === 'other' ? url.value.trim() : ca.value)

/** As the config has it, without what is a default. */
export function acmeOf(wish: Wish): JsonMap {
  const directory = directoryOf(wish)
  const { ca, caFile, email, challenge, command, profile, kid, hmac } = wish
  return {
    domains: [...wish.domains.value],
    agree_to_terms: true,
    ...(directory !== 'letsencrypt' && { directory }),
    ...(ca.value === 'other' && caFile.value.trim() !== '' && { ca: caFile.value.trim() }),
    ...(email.value !== '' && { email: email.value.trim() }),
    ...(kid.value !== '' && { eab: { kid: kid.value.trim(), hmac: hmac.value.trim() } }),
    ...(challenge.value !== 'http-01' && { challenge: challenge.value }),
    ...(challenge.value === 'dns-01' && { dns: { command: command.value.trim().split(/\s+/) } }),
    ...(profile.value !== '' && { profile: profile.value.trim() }),
  }
}

export type Errors = Readonly<Record<string, string | null>>

export function errorsOf(wish: Wish): Errors {
  const { domains, ca, url, caFile, challenge, command, agrees, kid, hmac } = wish
  return {
    domains: domains.value.length === 0 ? 'At least one name is needed.' : null,
    url: ca.value === 'other' && !/^https:\/\/\S+$/.test(url.value.trim()) ? 'An https URL is needed.' : null,
    caFile:
      ca.value === 'other' && caFile.value.includes('-----BEGIN')
        ? 'The path of a PEM file is needed, not what stands in it.'
        : null,
    command:
      challenge.value === 'dns-01' && command.value.trim() === ''
        ? 'The command that sets the record is needed.'
        : null,
    agrees: agrees.value ? null : 'No CA gives one without.',
    eab: (kid.value === '') === (hmac.value === '') ? null : 'Both are needed, or none.',
  }
}
