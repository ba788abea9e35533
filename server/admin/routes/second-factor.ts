// The second factor of whoever is signed in: an authenticator app (TOTP), and recovery codes.
import { Type } from '@sinclair/typebox'
import { hostname } from 'node:os'
import type { ControlFacts } from '../../control/facts.ts'
import type { Store } from '../../control/store/store.ts'
import { base32, totpUri } from '../../control/store/totp.ts'
import { noteForAudit } from '../audit-notes.ts'
import { withStore } from '../auth/with-store.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const PATH = '/api/v1/auth/totp'
const STATE = Type.Object({ enabled: Type.Boolean(), recovery_codes_left: Type.Integer() })
const BEGUN = Type.Object({
  secret: Type.String({ description: 'In base32, to be typed.' }),
  uri: Type.String({ description: 'otpauth://…, for a QR code.' }),
})
const CODES = Type.Object({ recovery_codes: Type.Array(Type.String()) })
const CodeBody = Type.Object({ code: Type.String({ maxLength: 64 }) }, { additionalProperties: false })

export function secondFactorRoutes(facts: Pick<ControlFacts, 'store'>): readonly Route[] {
  const own = { permission: 'view', tag: 'Access' } as const
  const ofUser = (work: (store: Store, asked: Asked) => Response): Route['answer'] => {
    return (asked) =>
      withStore(facts, (store) => {
        noteForAudit(asked.request, { resource: `users/${asked.who.name}/totp` })
        return asked.who.kind === 'user' ? work(store, asked) : notOfUsers()
      })
  }
  return [
    {
      ...{ ...own, method: 'GET', path: PATH, summary: 'Whether the own second factor is on' },
      answers: { 200: { description: 'And how many recovery codes are left.', schema: STATE } },
      answer: ofUser(({ secondFactors }, { who: { name } }) =>
        jsonAnswer({
          enabled: secondFactors.isOn(name),
          recovery_codes_left: secondFactors.recoveryCodesLeft(name),
        }),
      ),
    },
    {
      ...{ ...own, method: 'POST', path: PATH, needsStepUp: true },
      summary: 'Begin to set up an authenticator app; it counts once a code of it is confirmed',
      answers: {
        200: { description: 'The secret, and what a QR code of it holds.', schema: BEGUN },
        409: { description: 'There is one: remove it first.' },
      },
      answer: ofUser(({ secondFactors }, { who: { name } }) => {
        const secret = secondFactors.begin(name)
        if (secret === null) return problem('conflict', 'There is a second factor: remove it first.')
        return jsonAnswer({ secret: base32(secret), uri: totpUri(secret, name, hostname()) })
      }),
    },
    {
      ...{ ...own, method: 'POST', path: `${PATH}/confirm`, body: CodeBody, needsStepUp: true },
      summary: 'Show a code of the app, which turns it on',
      answers: {
        200: {
          description: 'Recovery codes: each is good once, and they are told this once.',
          schema: CODES,
        },
        409: { description: 'The code is not of it, or it was begun more than ten minutes ago.' },
      },
      answer: ofUser(({ secondFactors, signIns }, { who: { name, id }, body }) => {
        const codes = secondFactors.confirm(name, (body as (typeof CodeBody)['static']).code)
        if (codes === null) return problem('conflict', 'That is no code of an app that is being set up.')
        // Whoever signed in without it signs in anew.
        for (const other of signIns.list(name)) if (other.id !== id) signIns.end(other.id)
        return jsonAnswer({ recovery_codes: codes })
      }),
    },
    {
      ...{ ...own, method: 'DELETE', path: PATH, summary: 'Remove the own second factor', needsStepUp: true },
      answers: { 204: { description: 'It is off.' }, 404: { description: 'There is none.' } },
      answer: ofUser(({ secondFactors }, { who: { name } }) =>
        secondFactors.remove(name)
          ? new Response(null, { status: 204 })
          : problem('not_found', 'There is no second factor.'),
      ),
    },
  ]
}

const notOfUsers = (): Response => problem('conflict', 'Only users who are signed in have a second factor.')
