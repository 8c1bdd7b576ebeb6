// The day on which consent must hold: today until the reader says otherwise. Consent that ends on that day still holds
// at its beginning, so the last second of the day, in UTC, is what is asked.
let day = $state(new Date().toISOString().slice(0, 10))

export const consentDay = {
  get day() {
    return day
  },
  set day(next: string) {
    day = next
  },
  get instant() {
    return `${day}T23:59:59Z`
  },
}
