import { Type, type Static } from '@sinclair/typebox'
import { FilePath, Words } from '../lib/kinds.ts'

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
  },
  { default: {}, description: 'Logs.' },
)
export type LogsConfig = Static<typeof LogsOptions>
