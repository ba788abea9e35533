// What all connections of a listener share.
import type { HeadLimits } from '../head/request-head.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { Requests } from '../http/ends.ts'

/** Replaced in part when config changes: for the requests to come. */
export interface Port {
  listener: Listener
  limits: HeadLimits
  /** Its address is closed, or speaks something else: who is still here leaves after this request. */
  isRetired: boolean
  readonly requests: Requests
  readonly wheel: Wheel
}

/** Its connections end: the worker drains, or its listener is no more. */
export const isToLeave = ({ isRetired, requests }: Port): boolean => isRetired || requests.isDraining
