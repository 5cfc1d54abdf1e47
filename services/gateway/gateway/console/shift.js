// One officer's time at the console: all that is known in it is gone with it.

import { Ward } from "/console/ward.js";

const FIRST = ["PRIORITY_P1", "PRIORITY_P2"];

/** An incident that somebody must take on now. */
export const isWaiting = (one) => !one.endedAt && !one.acknowledgedAt && !one.exercise && FIRST.includes(one.priority);

export class Shift {
  #end = new AbortController();
  #incidents = new Map();
  #requests = new Map();
  /** Briefs as they were read last, and why they could not be read since, by incident. */
  briefs = new Map();
  faults = new Map();
  /** Incidents that ring no more, and those that are just being taken on. */
  silenced = new Set();
  busy = new Set();
  /** Alarms that somebody has seen, here or elsewhere, or that are over; and incidents of whose alarms that was asked. */
  seen = new Set();
  asked = new Set();
  isListed = false;
  lostAt = 0;
  isLossSilenced = false;

  /** May do what `roles` of acts let those of this token do: nobody is offered what is refused them. */
  constructor(token, own, roles) {
    this.may = (act) => roles[act].some((role) => own.includes(role));
    this.ward = new Ward(token, this.#end.signal);
  }

  get isOver() {
    return this.#end.signal.aborted;
  }

  end() {
    this.#end.abort();
  }

  /** Know these and no others. */
  list(open) {
    this.#incidents = new Map(open.map((one) => [one.incidentId, one]));
    this.isListed = true;
  }

  /** Learn how an incident is now; false if that is older than what is known. */
  learn(incident) {
    const known = this.#incidents.get(incident.incidentId);
    if (known && BigInt(known.version) > BigInt(incident.version)) return false;
    this.#incidents.set(incident.incidentId, incident);
    return true;
  }

  incident(id) {
    return this.#incidents.get(id) ?? this.briefs.get(id)?.incident;
  }

  isOpen(id) {
    const one = this.incident(id);
    return Boolean(one) && !one.endedAt;
  }

  /** Give what is open: first what waits for somebody, then by priority, newest first. */
  get open() {
    const rank = (one) => `${isWaiting(one) ? 0 : 1}${one.priority}`;
    return [...this.#incidents.values()].filter((one) => !one.endedAt).sort(
      (one, other) => rank(one).localeCompare(rank(other)) || other.openedAt.localeCompare(one.openedAt));
  }

  get waiting() {
    return this.open.filter(isWaiting);
  }

  /** Give the alarms of an incident that nobody has seen, as far as is known: to confirm one again changes nothing. */
  unseen(one) {
    return one.endedAt ? [] : one.alarmIds.filter((alarm) => !this.seen.has(alarm));
  }

  /** Give those that an officer is asked to confirm: none before it was asked what others have seen. */
  unconfirmed(one) {
    return one.acknowledgedAt && this.asked.has(one.incidentId) ? this.unseen(one) : [];
  }

  /**
   * Learn that of these alarms nobody has seen the `unseen`. One that was seen `before` that was asked has signalled
   * again and is to be seen anew; one that was confirmed here meanwhile stays so.
   */
  learnSeen(alarmIds, unseen, before) {
    const waiting = new Set(unseen.map((alarm) => alarm.alarmId));
    for (const alarm of alarmIds) {
      if (!waiting.has(alarm)) this.seen.add(alarm);
      else if (before.has(alarm)) this.seen.delete(alarm);
    }
  }

  /** Keep a brief unless a newer one is known: two answers may overtake each other. */
  keep(id, brief) {
    this.faults.delete(id);
    const known = this.briefs.get(id);
    if (!known || Date.parse(brief.generatedAt) >= Date.parse(known.generatedAt)) this.briefs.set(id, brief);
  }

  /** Do something once, however often it is asked for until it has succeeded. */
  async once(what, act) {
    // Not `randomUUID`: it is not there where the page came without TLS.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const fresh = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (!this.#requests.has(what)) this.#requests.set(what, fresh);
    const answer = await act(this.#requests.get(what));
    this.#requests.delete(what);
    return answer;
  }
}
