// HTTP dates (RFC 9110 §5.6.7): the one form that is written, and the two that are read besides.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = '(\\d{2}):(\\d{2}):(\\d{2})'
const IMF = new RegExp(`^[A-Z][a-z]{2}, (\\d{2}) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`)
const RFC850 = new RegExp(`^[A-Z][a-z]{5,8}, (\\d{2})-([A-Z][a-z]{2})-(\\d{2}) ${TIME} GMT$`)
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`)

/** Ms since 1970; NaN: it is no date. `nowMs` decides on the century of years with two digits. */
export function readDate(text: string, nowMs: number): number {
  const imf = IMF.exec(text)
  if (imf !== null) {
    const [, day, month, year, ...time] = imf
    return dateOf(Number(year), month, Number(day), time)
  }
  const old = RFC850.exec(text)
  if (old !== null) {
    const [, day, month, year, ...time] = old
    return dateOf(yearOf(Number(year), nowMs), month, Number(day), time)
  }
  const [, month, day, hours = '', minutes = '', seconds = '', year] = ASCTIME.exec(text) ?? []
  return dateOf(Number(year), month, Number(day), [hours, minutes, seconds])
}

/** One that seems more than 50 years ahead is the last one before that ends so. */
function yearOf(short: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear()
  const year = now - (now % 100) + short
  return year > now + 50 ? year - 100 : year
}

function dateOf(year: number, month: string | undefined, day: number, time: readonly string[]): number {
  const place = MONTHS.indexOf(month ?? '')
  const [hours = NaN, minutes = NaN, seconds = NaN] = time.map(Number)
  if (place < 0 || day < 1 || day > 31 || hours > 23 || minutes > 59 || seconds > 60) return NaN
  return Date.UTC(year, place, day, hours, minutes, seconds)
}

/** As it is written. */
export const writeDate = (ms: number): string => new Date(ms).toUTCString()
