// The limit behind a wait for a server that was refused or took too long: where it is set, and what it is.
import type { Backend } from './backend.ts'

export interface QueueLimit {
  readonly path: string
  readonly value: number
  readonly unit: string
}

export function queueLimit(
  { name, options, limit }: Backend,
  code: 'queue_full' | 'queue_timeout',
): QueueLimit {
  const [key, unit] = code === 'queue_full' ? (['size', 'waiting'] as const) : (['timeout', 'ms'] as const)
  return {
    path: `backends.${name}.queue.${key}`,
    value: options.queue[key],
    unit:
      limit !== null && limit.isFull
        ? `${unit}, backends.${name}.${limit.told.word} is ${limit.told.value}`
        : `${unit}, each server is at max_connections`,
  }
}
