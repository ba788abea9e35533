// Which clients are let in, of those whose certificate is good.
import type { AllowedWords } from '../lib/client-auth.ts'
import type { CertificateFacts } from '../lib/certificate-facts.ts'
import { type NameAttribute, nameAttributes, readNameText } from '../lib/distinguished-name.ts'
import { canonicalAddress } from '../lib/ip-address.ts'

type Takes = (facts: CertificateFacts) => boolean

/** Whether a client is one of these: all that is written of one of them holds. */
export function allowedClients(all: readonly AllowedWords[]): Takes {
  const each = all.map(takes)
  return (facts) => each.some((one) => one(facts))
}

function takes({ san, subject, spki }: AllowedWords): Takes {
  const needs: Takes[] = []
  if (san !== undefined) needs.push(bySan(san))
  if (subject !== undefined) needs.push(bySubject(readNameText(subject) ?? []))
  if (spki !== undefined) needs.push((facts) => pinOf(facts) === spki)
  return (facts) => needs.length > 0 && needs.every((need) => need(facts))
}

const pinOf = ({ spki }: CertificateFacts): string =>
  `sha256/${new Bun.CryptoHasher('sha256').update(spki).digest('base64')}`

/** What is written tells the kind: a name of one kind never stands for one of another. */
function bySan(wanted: string): Takes {
  if (wanted.includes('://')) {
    const before = wanted.endsWith('*') ? wanted.slice(0, -1) : null
    return some('URI', (value) => (before === null ? value === wanted : value.startsWith(before)))
  }
  // RFC 5321 §2.4: who has the part before "@" decides whether case counts there.
  if (wanted.includes('@')) return some('email', (value) => hostFolded(value) === hostFolded(wanted))
  const address = canonicalAddress(wanted)
  if (address !== null) return some('IP', (value) => value === address)
  const name = wanted.toLowerCase()
  if (!name.startsWith('*.')) return some('DNS', (value) => value.toLowerCase() === name)
  return some('DNS', (value) => {
    const dot = value.indexOf('.')
    return dot > 0 && value.slice(dot).toLowerCase() === name.slice(1)
  })
}

const some =
  (kind: string, holds: (value: string) => boolean): Takes =>
  ({ alternatives }) =>
    alternatives.some((one) => one.kind === kind && holds(one.value))

const hostFolded = (address: string): string => address.replace(/@[^@]*$/, (host) => host.toLowerCase())

const bySubject =
  (wanted: readonly NameAttribute[]): Takes =>
  ({ subject }) => {
    const has = nameAttributes(subject)
    return (
      wanted.length > 0 &&
      wanted.every(({ type, value }) => has.some((one) => one.type === type && one.value === value))
    )
  }
