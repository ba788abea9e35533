// Tools for certificates: what stands against a pair before it is served, one of our own making, and what was
// done to obtain one by ACME.
import { type Static, Type } from '@sinclair/typebox'
import { runsOf } from '../../control/acme/step-runs.ts'
import { examine } from '../../control/certificates/findings.ts'
import { holdsKey } from '../../lib/pem.ts'
import { selfSigned, SELF_SIGNED_DAYS } from '../../tls/self-signed.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { CHANGE_QUERY, RESOURCE } from '../resources/asking.ts'
import { Desk, type DeskFacts } from '../resources/desk.ts'
import { collectionOf } from '../resources/resource.ts'
import { TRIED } from '../review-document.ts'
import { type Asked, param, type Route } from '../route.ts'
import { CHECKED, LOG } from './certificate-schemas.ts'

const PEM_CHARS_MAX = 512 * 1024
const NAMES_MAX = 1000
const DAYS_MAX = 3650
/** A name, a wildcard or an address, as `self_signed.names` of the config has them. */
const NAME = '^(\\*\\.)?[^\\s*/:@.]+(?:\\.[^\\s*/:@.]+)*\\.?$|^[0-9a-fA-F.]*:[0-9a-fA-F:.]*$'

const NAMES = Type.Array(
  Type.String({ maxLength: 253, pattern: NAME, allowed: 'a name such as "dev.example.org", or an address' }),
  { maxItems: NAMES_MAX },
)

const TO_VALIDATE = Type.Object(
  {
    certificate_pem: Type.String({
      maxLength: PEM_CHARS_MAX,
      description: 'The chain in PEM, in whatever order; its key may stand in it as well.',
    }),
    private_key_pem: Type.Optional(
      Type.String({ maxLength: PEM_CHARS_MAX, description: 'Left out: it is not looked at.' }),
    ),
    names: Type.Optional({ ...NAMES, description: 'That it is to be good for.' }),
    replaces: Type.Optional(
      Type.String({ maxLength: 64, description: 'A certificate whose names it must be good for as well.' }),
    ),
  },
  { additionalProperties: false },
)

const TO_MAKE = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,63}$', allowed: 'letters, digits, "_", "." and "-"' }),
    names: { ...NAMES, minItems: 1, description: 'Names and addresses that it is for.' },
    days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: DAYS_MAX,
        description: `How long it is good; default ${SELF_SIGNED_DAYS}.`,
      }),
    ),
  },
  { additionalProperties: false },
)

export function certificateToolRoutes(facts: DeskFacts): readonly Route[] {
  const desk = new Desk(facts)
  const edit = { method: 'POST', permission: 'edit', tag: 'Certificates' } as const
  return [
    {
      ...edit,
      path: '/api/v1/certificates/validate',
      summary: 'What stands against a chain and its key; nothing is kept',
      isReadOnly: true,
      body: TO_VALIDATE,
      answers: { 200: { description: 'What was found, also where it is of no use.', schema: CHECKED } },
      answer: (asked) => validate(asked, facts),
    },
    {
      ...edit,
      path: '/api/v1/certificates/self-signed',
      summary: 'Make a certificate that nobody else has signed, and keep it like an upload',
      query: CHANGE_QUERY,
      body: TO_MAKE,
      needsStepUp: true,
      answers: {
        200: { description: 'What it would do, of a dry run.', schema: TRIED },
        201: { description: 'It is there, and served where listeners name it.', schema: RESOURCE },
        409: { description: 'There is one of that name, or the file cannot be changed so.' },
        422: { description: 'What stands against it.' },
      },
      answer: (asked) => make(asked, desk),
    },
    {
      ...{ method: 'GET', permission: 'view', tag: 'Certificates' },
      path: '/api/v1/certificates/{certificate}/log',
      summary: 'What was done to obtain a certificate by ACME, try by try',
      answers: {
        200: { description: 'The newest first.', schema: LOG },
        404: { description: 'There is none of that name that comes by ACME.' },
      },
      answer: (asked) => logOf(param(asked, 'certificate'), facts),
    },
  ]
}

/** "PFX": what begins so is DER in Base64, as files of PKCS #12 are sent. */
const PFX = /^\s*MII[A-Za-z0-9+/=\s]+$/

function validate({ body }: Asked, { acme: _, gateway }: DeskFacts): Response {
  const {
    certificate_pem: cert,
    private_key_pem: sent,
    names = [],
    replaces,
  } = body as Static<typeof TO_VALIDATE>
  if (PFX.test(cert))
    return problem('body_invalid', 'It is no PEM: files of PKCS #12 (PFX) are not read.', {
      errors: [{ pointer: '/certificate_pem', code: 'pfx', message: 'allowed is PEM' }],
      hint: 'take chain and key out of it: openssl pkcs12 -in FILE.pfx -nodes -out pair.pem',
    })
  const key = sent ?? (holdsKey(cert) ? cert : null)
  const served = replaces === undefined ? undefined : gateway.served()?.plan.certificates?.[replaces]
  if (replaces !== undefined && served === undefined)
    return problem('not_found', `There is no certificate ${replaces}.`)
  const wanted = [...new Set([...names, ...(served?.names ?? [])])]
  const examined = examine({ cert, key, nowMs: Date.now(), names: wanted })
  const hasError = examined.findings.some(({ level }) => level === 'error')
  return jsonAnswer({ usable: key !== null && examined.certificate !== null && !hasError, ...examined })
}

function make(asked: Asked, desk: Desk): Promise<Response> {
  const { name, names, days = SELF_SIGNED_DAYS } = asked.body as Static<typeof TO_MAKE>
  const { cert, key } = selfSigned(names, { nowMs: Date.now(), days })
  const value = { name, certificate_pem: cert, private_key_pem: key }
  return desk.write(asked, { op: 'create', in: collectionOf('certificates'), id: null, value, at: null })
}

function logOf(name: string, { acme }: DeskFacts): Response {
  const facts = acme.facts().find(({ certificate }) => certificate === name)
  if (facts === undefined) return problem('not_found', `There is no certificate ${name} that comes by ACME.`)
  const { state, next_try, last_failure } = facts
  const runs = runsOf(acme.steps(name) ?? [], state === 'obtaining')
  return jsonAnswer({ certificate: name, state, next_try, last_failure, runs })
}
