// Whether it is a time of the day and the week, by the clock of a zone. That is worked out once a minute.
import { WEEKDAYS } from '../lib/weekdays.ts'
import type { TimeConfig } from './time.options.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

/** A place in the week, by the clock of a zone. */
export interface LocalTime {
  /** 0: Monday. */
  readonly day: number
  /** Since the beginning of the day. */
  readonly minute: number
}

/** Compiles a window; asked with the time in ms since 1970. Throws a RangeError on a zone that is none. */
export function timeWindow({
  days,
  from = '00:00',
  to = '24:00',
  zone,
}: TimeConfig): (ms: number) => boolean {
  const isOn = WEEKDAYS.map((day) => days.length === 0 || days.includes(day))
  const [first, end] = [minuteOf(from), minuteOf(to)]
  const local = localTime(zone)
  const holds = ({ day, minute }: LocalTime): boolean => {
    if (first < end) return isOn[day] === true && minute >= first && minute < end
    const dayBefore = (day + 6) % 7
    return (isOn[day] === true && minute >= first) || (isOn[dayBefore] === true && minute < end)
  }
  let knownFor = Number.NaN
  let known = false
  return (ms) => {
    const minute = Math.floor(ms / MINUTE_MS)
    if (minute !== knownFor) {
      knownFor = minute
      known = holds(local(ms))
    }
    return known
  }
}

function minuteOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  return Math.min(DAY_MINUTES, (hours ?? 0) * 60 + (minutes ?? 0))
}

/** The clock of a zone; throws a RangeError where there is no such zone. */
export function localTime(zone: string): (ms: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    const day = WEEKDAYS.findIndex((name) => name === parts['weekday']?.toLowerCase())
    return { day, minute: Number(parts['hour']) * 60 + Number(parts['minute']) }
  }
}

/** As "mon 08:05". */
export function localTimeText(zone: string, ms: number): string {
  const { day, minute } = localTime(zone)(ms)
  const two = (number: number): string => String(number).padStart(2, '0')
  return `${WEEKDAYS[day]} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
