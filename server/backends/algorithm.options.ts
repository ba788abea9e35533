import { Type, type Static } from '@sinclair/typebox'
import { Name, Words } from '../lib/kinds.ts'
import { pluginUse } from '../plugins/plugins.options.ts'

export const ALGORITHMS = [
  'round_robin',
  'weighted_round_robin',
  'least_connections',
  'random',
  'weighted_random',
  'power_of_two',
  'least_response_time',
  'ip_hash',
  'hash',
  'first_available',
  'plugin',
] as const

export const PluginAlgorithmOptions = Type.Object(
  {
    name: Name({ description: 'Which of the plugins.' }),
    options: pluginUse('What its `algorithm` is given.'),
  },
  {
    description:
      'What "algorithm: plugin" asks. Where it says nothing, throws, or chooses what is not there, the servers take turns.',
    also: { plugin: 'name', use: 'name', with: 'options', config: 'options' },
  },
)

export const HashOptions = Type.Object(
  {
    by: Words(['header', 'cookie', 'path', 'query', 'client_ip'], {
      description:
        "The part of the request that is hashed, or the client's address, which is all that tcp listeners know.",
    }),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        pattern: '^[^\\x00-\\x1f\\x7f]+$',
        allowed: 'one line of text',
        description: 'Name of the header, cookie or query parameter.',
      }),
    ),
    load_factor: Type.Number({
      default: 1.25,
      minimum: 1,
      maximum: 100,
      description: 'No server gets more than this many times the mean of requests in flight.',
    }),
  },
  {
    description: 'What "algorithm: hash" looks at.',
    // YAML 1.1 reads "on" as true.
    also: { on: 'by', key: 'by', header: 'name', cookie: 'name' },
  },
)
export type HashConfig = Static<typeof HashOptions>
