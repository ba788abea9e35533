import { Type, type Static } from '@sinclair/typebox'
import { FilePath, Size, Words } from '../lib/kinds.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

export const LogsOptions = Type.Object(
  {
    level: Words(LOG_LEVELS, { default: 'info', description: 'Events below it are left out.' }),
    format: Words(['json', 'text'], {
      default: 'json',
      description:
        'Of the access log and of events on stderr; those on stdout are JSON, as programs wait for them.',
    }),
    access: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Whether exchanges are logged.' }),
        file: Type.Optional(FilePath({ allowed: 'a path', description: 'Where to; stdout when left out.' })),
      },
      { default: {}, description: 'The access log: a line for each exchange.' },
    ),
    audit: Type.Boolean({
      default: true,
      description:
        'Whether each entry of the audit (who changed what, and who was refused) is told on stdout as well, as a line of JSON with the event `audit`, secrets hidden.',
    }),
    inspector: Type.Object(
      {
        requests: Type.Integer({
          default: 1000,
          minimum: 0,
          maximum: 100_000,
          description: 'So many are kept by each worker; 0: none.',
        }),
        bytes: Size({
          default: '512KiB',
          least: '4KiB',
          most: '256MiB',
          description: 'Most memory for their heads, of each worker.',
        }),
      },
      {
        default: {},
        description: 'The last requests, kept in memory for `sluice tap`, the API and replay.',
      },
    ),
  },
  { default: {}, description: 'Logs.' },
)
export type LogsConfig = Static<typeof LogsOptions>
