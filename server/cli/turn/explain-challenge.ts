// What a server demands proof with.
import { PASSWORD_ALGORITHMS } from '../../turn/bytes/stun.ts'
import type { Answer } from './answer.ts'
import type { Challenge } from './challenge.ts'
import type { Examination } from './examination.ts'
import { factsOf, saidBy } from './explanations.ts'
import type { Finding } from './report.ts'

/** Reports a challenge, of this 401; false: not to be answered. */
export function describeChallenge(
  { report }: Examination,
  answer: Answer,
  challenge: Challenge | null,
): boolean {
  if (challenge === null) return report.fail('challenge', noChallenge(answer)) !== null
  const { realm, nonce, algorithms, wasStripped, takesUserHash } = challenge
  const facts = {
    realm,
    nonce_bytes: nonce.length,
    algorithms: algorithms.map(nameOf),
    user_hash: takesUserHash,
  }
  // Browsers know no other than MD5 and SHA-1: it is no fault.
  const offers = algorithms.includes(PASSWORD_ALGORITHMS.SHA256)
    ? 'SHA-256 is offered'
    : 'no SHA-256, only what browsers know'
  const found = `credentials are demanded: realm "${realm}", a nonce of ${nonce.length} bytes, ${offers}`
  if (wasStripped)
    report.fail('challenge', {
      found: `${found}. The nonce says that algorithms are offered, but none are`,
      advice:
        'Somebody on the way took them out, to make the proof weaker: do not send credentials this way.',
      facts,
    })
  else if (realm === '')
    report.warn('challenge', {
      found,
      advice: 'Set a realm: some clients need one that is not empty.',
      facts,
    })
  else report.ok('challenge', found, facts)
  return !wasStripped
}

function nameOf(algorithm: number): string {
  if (algorithm === PASSWORD_ALGORITHMS.MD5) return 'MD5'
  return algorithm === PASSWORD_ALGORITHMS.SHA256 ? 'SHA-256' : String(algorithm)
}

const noChallenge = (answer: Answer): Finding => ({
  found: `${saidBy(answer)} without REALM and NONCE: no client can prove itself`,
  advice:
    'The server is set to other credentials than the long-term ones that TURN has. Look at its settings.',
  facts: factsOf(answer),
})
