// What a listener asks of its clients, by the name that they ask for.
import { clientFilesOf, type ClientRules, clientRules, isNeeded, isVerified } from '../lib/client-auth.ts'
import type { CertificateFacts } from '../lib/certificate-facts.ts'
import { allowedClients } from './allowed-clients.ts'
import type { ClientCertificateConfig } from './client-certificate.options.ts'
import { ClientTrust, trustKey } from './client-trust.ts'
import { comparableName, findByName } from './comparable-name.ts'
import type { TlsSettings } from './tls-settings.ts'

type FileTexts = Readonly<Record<string, string>>

/** What holds for some names of a listener. */
export class ClientPolicy {
  readonly rules: ClientRules
  /** A certificate is asked for. */
  readonly asks: boolean
  readonly isNeeded: boolean
  readonly isVerified: boolean
  /** Null: everybody whose certificate is good. */
  readonly allows: ((facts: CertificateFacts) => boolean) | null
  readonly takesExpiredCrl: boolean
  /** Of this moment: another one as soon as a file says something else. */
  trust: ClientTrust
  readonly #plain: TlsSettings

  constructor(
    rules: ClientRules,
    { expired_crl }: ClientCertificateConfig,
    plain: TlsSettings,
    trust: ClientTrust,
  ) {
    const { mode, allow } = rules
    this.#plain = plain
    this.rules = rules
    this.asks = mode !== 'off'
    this.isNeeded = isNeeded(mode)
    this.isVerified = isVerified(mode)
    this.allows = allow === undefined ? null : allowedClients(allow)
    this.takesExpiredCrl = expired_crl === 'use'
    this.trust = trust
  }

  /** What handshakes are made with. */
  get settings(): TlsSettings {
    return this.asks ? this.trust.settings : this.#plain
  }
}

export class ClientPolicies {
  /** For clients that ask for no name, or for one that nothing else is said of. */
  readonly first: ClientPolicy
  readonly words: ClientCertificateConfig
  readonly #plain: TlsSettings
  readonly #files: Record<string, string>
  /** By name; with "*." before it for all names below it, as rules have it: what they lead to is as wide. */
  readonly #names = new Map<string, ClientPolicy>()
  readonly #all: ClientPolicy[] = []

  /** Those of before lend what they have read. Throws what stands against a file. */
  constructor(
    plain: TlsSettings,
    words: ClientCertificateConfig,
    files: FileTexts,
    previous: readonly ClientPolicies[] = [],
  ) {
    this.words = words
    this.#plain = plain
    this.#files = Object.fromEntries(clientFilesOf(words).map((file) => [file, files[file] ?? '']))
    const known = new Map(previous.flatMap((one) => one.#all.map(({ trust }) => [trust.key, trust] as const)))
    this.first = this.#policyOf(clientRules(words), known)
    for (const [name, own] of Object.entries(words.names))
      this.#names.set(comparableName(name), this.#policyOf(clientRules(words, own), known))
  }

  /** Names of which the same is said have the same: what was shown for one is good for all of them. */
  #policyOf(rules: ClientRules, known: Map<string, ClientTrust>): ClientPolicy {
    const one = this.#all.find(({ rules: other }) => Bun.deepEquals(other, rules))
    if (one !== undefined) return one
    const key = trustKey(this.#plain, rules, this.#files)
    const trust = known.get(key) ?? new ClientTrust(this.#plain, rules, this.#files)
    known.set(key, trust)
    const made = new ClientPolicy(rules, this.words, this.#plain, trust)
    this.#all.push(made)
    return made
  }

  /** The one for a name; null or empty: none was asked for. */
  of(name: string | null): ClientPolicy {
    return findByName(this.#names, name) ?? this.first
  }

  /** Files say something else: for handshakes and requests from now on. Throws as the constructor does. */
  filesChanged(files: FileTexts): void {
    const mine = Object.keys(this.#files).filter((file) => files[file] !== undefined)
    if (mine.every((file) => this.#files[file] === files[file])) return
    const texts = { ...this.#files, ...Object.fromEntries(mine.map((file) => [file, files[file] ?? ''])) }
    const known = new Map(this.#all.map(({ trust }) => [trust.key, trust]))
    const made = this.#all.map(({ rules }) => {
      const key = trustKey(this.#plain, rules, texts)
      const trust = known.get(key) ?? new ClientTrust(this.#plain, rules, texts)
      known.set(key, trust)
      return trust
    })
    for (const [place, policy] of this.#all.entries()) policy.trust = made[place] ?? policy.trust
    Object.assign(this.#files, texts)
  }

  /** Keys of what handshakes are made with. */
  get settingsKeys(): readonly string[] {
    return this.#all.map(({ settings }) => settings.key)
  }
}
