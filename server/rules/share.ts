// Who is in a share of requests: decided by a number that is the same for the same client, header field or
// cookie, in each worker, each run and each release; by chance where there is nothing such.
import { hashText, mix } from '../backends/hash.ts'
import { cookiesIn } from '../head/cookie.ts'
import { networkKey } from '../lib/ip-address.ts'
import type { Asked, Matchable } from './asked.ts'
import type { Test } from './tests.ts'
import { verdictOf } from './verdict.ts'

/** What decides: `by` of the config, read. */
export interface ShareBy {
  readonly is: 'random' | 'client_ip' | 'header' | 'cookie'
  /** Of the field, in lower case, or of the cookie; '' for others. */
  readonly name: string
}

export function shareBy(text: string): ShareBy {
  const [is = '', name = ''] = text.split(' ')
  if (is === 'header') return { is, name: name.toLowerCase() }
  return { is: is as ShareBy['is'], name }
}

/** IPv6 addresses that share so many bits are one client: networks are given out whole. */
const IPV6_PREFIX = 64
const NUMBERS = 2 ** 32

/**
 * 32 bits by which a request is in a share or not; null: it lacks what decides, or has it more than once with
 * different values, and chance has to.
 */
export function seedOf({ is, name }: ShareBy, request: Matchable, address: string | null): number | null {
  if (is === 'random') return null
  if (is === 'client_ip') return address === null ? null : hashText(networkKey(address, IPV6_PREFIX))
  const values =
    is === 'header'
      ? request.values(name)
      : request.values('cookie').flatMap((field) => cookiesIn(field, name))
  const [first = ''] = values
  return first !== '' && values.every((value) => value === first) ? hashText(first) : null
}

/** 32 bits of a chance in [0, 1). */
export const drawn = (chance: number): number => Math.floor(chance * NUMBERS)

/** Where a seed lies in [0, 1) for something of this name, and of this name alone. */
export const placed = (seed: number, salt: number): number => (mix(mix(seed) ^ salt) + 0.5) / NUMBERS

/** A rule that takes only a part of what it matches. */
export interface Share {
  /** Of 100. */
  readonly weight: number
  readonly by: string
}

/** Whether a request is in the share of the rule of this name. */
export function shareTest({ weight, by }: Share, rule: string): Test {
  const how = shareBy(by)
  const salt = hashText(rule)
  const share = weight / 100
  return (asked: Asked) => {
    const { request, by: who } = asked
    const seed = seedOf(how, request, who.address)
    if (seed === null && who.shares !== undefined) return verdictOf(who.shares(rule) && weight > 0)
    return verdictOf(placed(seed ?? asked.draw, salt) < share)
  }
}
