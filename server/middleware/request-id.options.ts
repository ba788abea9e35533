import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { FieldName, Words } from '../lib/kinds.ts'
import { isOwnOnAnswer, isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'

export const RequestIdOptions = Type.Object(
  {
    header: FieldName({
      default: 'X-Request-Id',
      description: 'The field that carries it, to servers and to clients.',
    }),
    format: Words(['short', 'uuid', 'trace'], {
      default: 'short',
      description:
        'short: 24 hexadecimal digits. uuid: version 7, which sorts by time. trace: 32 hexadecimal digits, the trace id of a traceparent field (W3C Trace Context) where one is believed.',
      said: { uuid_v7: 'write uuid', uuidv7: 'write uuid', uuid4: 'write uuid', w3c: 'write trace' },
    }),
    trust: Words(['trusted_proxies', 'always', 'never'], {
      default: 'trusted_proxies',
      description:
        'Whose id is kept where a request brings one of 1 to 128 visible characters: that of the trusted proxies of the listener, that of any client, or nobody’s.',
    }),
    response: Type.Boolean({ default: true, description: 'Clients are told it as well.' }),
  },
  {
    description:
      'Says which id a request has: in the access log, in answers of the gateway, to servers and to clients it is the same one. Stands first: what is told by steps before it has the id that every request gets.',
    also: { name: 'header', field: 'header', generator: 'format', trust_incoming: 'trust' },
  },
)
export type RequestIdConfig = Static<typeof RequestIdOptions>

export function checkRequestId({ header }: RequestIdConfig, where: Where): void {
  if (!isOwnOnRequest(header, 'set') && !isOwnOnAnswer(header) && header.toLowerCase() !== 'host') return
  where.report(['header'], {
    code: 'conflict',
    found: `the field ${where.quoted(['header'], header)}`,
    ...OWN_FIELD,
  })
}
