// How certificates are told, for those who read the document of the API.
import { Type } from '@sinclair/typebox'

const nullable = (description?: string) =>
  Type.Union([Type.String(), Type.Null()], description === undefined ? {} : { description })

const TOLD = Type.Object(
  {
    subject: Type.String(),
    issuer: Type.String(),
    serial: Type.String(),
    fingerprint: Type.String({ description: 'SHA-256.' }),
    key: Type.String({ description: 'ECDSA P-256, RSA 2048.' }),
    signature: nullable(),
    not_before: Type.String({ format: 'date-time' }),
    not_after: Type.String({ format: 'date-time' }),
    names: Type.Array(Type.String()),
  },
  { title: 'Certificate' },
)

const FINDING = Type.Object(
  {
    code: Type.String({ description: 'key_mismatch, chain_incomplete, expired …' }),
    level: Type.String({ description: 'error: it cannot be served, or clients refuse it; warning; info.' }),
    message: Type.String(),
    cause: nullable(),
    remedy: nullable('What to do.'),
  },
  { title: 'CertificateFinding' },
)

/** Of a pair that was looked at. */
export const CHECKED = Type.Object(
  {
    usable: Type.Boolean({
      description: 'Chain and key are there, fit, and nothing of level error was found.',
    }),
    certificate: Type.Union([TOLD, Type.Null()]),
    used: Type.Union([Type.Number(), Type.Null()], { description: 'Of its life, 0 to 1.' }),
    chain: Type.Array(TOLD),
    ordered: nullable('The chain in the order that TLS wants.'),
    findings: Type.Array(FINDING),
  },
  { title: 'CheckedCertificate' },
)

const STEP = Type.Object({
  time: Type.String({ format: 'date-time' }),
  step: Type.String(),
  stage: Type.String({ description: 'begin, account, order, challenge, finalize, served, failed or note.' }),
  took_ms: Type.Union([Type.Number(), Type.Null()]),
})

/** Of what was done for one. */
export const LOG = Type.Object(
  {
    certificate: Type.String(),
    state: Type.String({ description: 'good, obtaining, waiting or due.' }),
    next_try: nullable(),
    last_failure: Type.Unknown({ description: 'With why and hint; null: it did not fail.' }),
    runs: Type.Array(
      Type.Object({
        started: Type.String({ format: 'date-time' }),
        ended: nullable(),
        outcome: Type.String({ description: 'obtained, failed, given_up or running.' }),
        why: nullable('In the words of the CA where those are known.'),
        reached: Type.String(),
        steps: Type.Array(STEP),
      }),
    ),
  },
  { title: 'CertificateLog' },
)
