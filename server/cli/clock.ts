/** A time of day of this machine, "14:30:00"; with its day where that is not today. */
export function clockOf(time: string, now = new Date()): string {
  const then = new Date(time)
  const clock = then.toTimeString().slice(0, 8)
  return then.toDateString() === now.toDateString() ? clock : `${dayOf(then)} ${clock}`
}

/** The same with its day, whichever that is. */
export function dayAndClockOf(time: string): string {
  const then = new Date(time)
  return `${dayOf(then)} ${then.toTimeString().slice(0, 8)}`
}

function dayOf(then: Date): string {
  const [month, day] = [then.getMonth() + 1, then.getDate()].map((part) => String(part).padStart(2, '0'))
  return `${then.getFullYear()}-${month}-${day}`
}
