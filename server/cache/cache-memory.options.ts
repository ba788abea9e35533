import { Type } from '@sinclair/typebox'
import { Size } from '../lib/kinds.ts'

export const CacheMemoryOptions = Type.Object(
  {
    memory: Size({
      default: '128MiB',
      least: '1MiB',
      most: '64GiB',
      description:
        'Memory for stored answers, of all workers together: each has a store of its own, of an equal part. What is not asked for makes room.',
    }),
  },
  {
    default: {},
    description: 'What the step cache of rules stores answers in.',
    also: { size: 'memory', max_size: 'memory' },
    lacks: { disk: 'answers are stored in memory only', path: 'answers are stored in memory only' },
  },
)
