// Where certificates come from: the contract between whoever has some and the gateway that serves them. Pairs
// of files are one such source (file-certificates.ts), those of our own making another
// (self-signed-certificates.ts). A source that obtains certificates from elsewhere, as by ACME, is a class of
// this kind and a row of its own in certificate-sources.ts:
//
//   - `textOf` is asked for each plan, and must not wait for others: a start and a reload wait for it. What
//   was
//     obtained before and is still good is given; where there is none yet, a stand-in (selfSigned() of
//     tls/self-signed.ts), and whoever gives one tells so. Nothing is obtained here, as the plan may be
//     refused.
//   - `follow` says that a plan is served: from here on its certificates are to be kept fresh, and others are
//     nobody's any more. It is told again with each plan, also when nothing of it has changed.
//   - A new pair is served by `hands.replace`: in all workers, for handshakes that begin from then on, with
//   no
//     reload of anything else. It throws what stands against the pair, and then the one before goes on.
//   - Challenges that are answered in a handshake (tls-alpn-01, RFC 8737) have a certificate of their own:
//     `hands.challenge(name, pair)` before the issuer is told to look, `hands.challenge(name, null)` behind
//     it. It is what clients get on every https listener that ask for exactly this name and offer
//     `acme-tls/1`; all others get what they ever get.
import type { ChallengeTokens } from '../../http/challenges.ts'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import type { PemPair } from '../../tls/certificate.ts'
import type { ReadTexts } from '../source/read-once.ts'
import type { WantedCertificate } from '../source/wanted-certificates.ts'

export interface CertificateSource {
  /** Whether such words are its own. */
  isFor(words: CertificateConfig): boolean
  /**
   * What a plan is to have for it now. Throws what stands against it, with its place as `path`. `read`: files
   * that were just read for the check of this plan's config.
   */
  textOf(wanted: WantedCertificate, read?: ReadTexts): readonly PemPair[] | Promise<readonly PemPair[]>
  /**
   * What a plan is to have beside, by names of the source's own making; see learnedName(). Null: it cannot be
   * read for now, and stays as it is served.
   */
  more?(wanted: readonly WantedCertificate[]): Promise<ReadonlyMap<string, PemPair | null>>
  /** A plan is served that has these of its certificates, which `textOf` gave. */
  follow(wanted: readonly WantedCertificate[]): void
  /** Whether one is renewed by itself, and that is not overdue: then nobody is told that it ends soon. */
  isRenewed?(name: string): boolean
  /** Called every few seconds while something is served. */
  look(): void
  stop(): void
}

/** What sources can do with what they have. */
export interface CertificateHands {
  /**
   * What one is made of has changed, and is of no use: the one before goes on. It is told, and shown until it
   * is good.
   */
  refused(wanted: WantedCertificate, why: string, more?: object): void
  /**
   * Serves these from now on; false: the plan has no such certificate any more, or it has these already.
   * Throws what stands against them in plain words.
   */
  replace(name: string, pairs: readonly PemPair[]): Promise<boolean>
  /**
   * One that came on demand, by its learnedName(), is served from now on; null: no more. Throws what stands
   * against it.
   */
  learn(learned: string, pair: PemPair | null): Promise<void>
  /** There is none of that name for now: who waits for it waits no more. */
  refuse(learned: string): Promise<void>
  /** For handshakes that ask for this name by `acme-tls/1`; null: it is over. */
  challenge(serverName: string, pair: PemPair | null): Promise<void>
  /** For the paths of http-01 (RFC 8555 §8.3), on all http and https listeners: these tokens, no others. */
  httpChallenges(tokens: ChallengeTokens): Promise<void>
}
