import { Type, type Static } from '@sinclair/typebox'
import { Words } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

export const DecompressOptions = Type.Object(
  {
    mode: ModeOption,
    codings: Type.Array(Words(['gzip', 'deflate', 'br', 'zstd'], { description: 'A coding.' }), {
      default: ['gzip', 'deflate', 'zstd'],
      minItems: 1,
      maxItems: 4,
      description:
        'Codings that are decoded. Others, and several at once, get 415 with Accept-Encoding. br has to be asked for: a few bytes that were made for it hold up the loop for 11 ms.',
    }),
    ratio: Type.Integer({
      default: 100,
      minimum: 2,
      maximum: 100_000,
      description:
        'A body of more than 1 MiB may be so many times as large as what came of it; beyond it 413. Text is seldom more than 20 times as large.',
    }),
  },
  {
    description:
      'Decodes bodies of requests by their Content-Encoding, for servers that do not. Limits of bodies hold for what comes of them; in shadow what is unknown passes as it is, and the ratio is not enforced.',
    also: { encodings: 'codings', algorithms: 'codings', max_ratio: 'ratio' },
    lacks: { max_size: 'write body_limit: { size: 10MiB }, or limits.body of the listener' },
  },
)
export type DecompressConfig = Static<typeof DecompressOptions>
