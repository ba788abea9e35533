import { Type, type Static } from '@sinclair/typebox'
import { Size, Words } from '../lib/kinds.ts'
import { MediaTypes } from './media-types.options.ts'

const Level = (most: number, usual: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: most, default: usual, description })

export const CompressOptions = Type.Object(
  {
    codings: Type.Array(Words(['zstd', 'br', 'gzip'], { description: 'A coding.' }), {
      default: ['zstd', 'br', 'gzip'],
      minItems: 1,
      maxItems: 3,
      description: 'Codings, the best first: it decides where the client likes several equally.',
    }),
    types: MediaTypes(
      [
        'text/*',
        'application/json',
        'application/javascript',
        'application/x-javascript',
        'application/xml',
        'application/x-ndjson',
        'application/wasm',
        'application/vnd.ms-fontobject',
        '*+json',
        '*+xml',
        'font/otf',
        'font/ttf',
        'image/bmp',
        'image/vnd.microsoft.icon',
        'image/x-icon',
      ],
      'Media types of the bodies that are compressed.',
    ),
    min_size: Size({
      default: '1KiB',
      description: 'A body whose length is known and below it is sent as it is.',
    }),
    levels: Type.Object(
      {
        gzip: Level(9, 5, 'From 1, the fastest, to 9.'),
        br: Level(6, 4, 'From 1 to 6: beyond it a piece would take so long that other connections wait.'),
        zstd: Level(9, 3, 'From 1 to 9, for the same reason.'),
      },
      { default: {}, description: 'How hard each coding tries.' },
    ),
  },
  {
    description:
      'Compresses answers for clients that take it, in pieces, so that what a server has sent reaches its client at once. Not where a server has compressed by itself or says no-transform. Secrets beside text that a client can choose may be guessed by the length of such answers (BREACH): leave it out for them.',
    also: { encodings: 'codings', algorithms: 'codings', min_length: 'min_size', minimum_length: 'min_size' },
    lacks: { level: 'write levels: { gzip: 5 }' },
  },
)
export type CompressConfig = Static<typeof CompressOptions>
