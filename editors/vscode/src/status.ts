/** What the server says of itself, and what there is to say when there is none. */

/** `place` is where code goes: to this machine, to a region, or to a cloud that nobody can place. */
export interface Status {
  readonly state: "ready" | "working" | "warning" | "error" | "off" | "offline" | "starting" | "stopped" | "paused";
  readonly message: string;
  readonly model: string;
  readonly place?: Place;
  readonly host?: string;
}

export type Place = "local" | "eu" | "us" | "cloud";

const ICONS: Readonly<Record<Status["state"], string>> = {
  ready: "$(sparkle)",
  working: "$(loading~spin)",
  starting: "$(loading~spin)",
  warning: "$(warning)",
  offline: "$(debug-disconnect)",
  error: "$(error)",
  stopped: "$(error)",
  off: "$(circle-slash)",
  paused: "$(debug-pause)",
};

const STATES: Readonly<Record<Status["state"], string>> = {
  ready: "Ready",
  working: "Asking the model",
  starting: "Starting",
  warning: "No suggestions for a moment",
  offline: "Offline",
  error: "No suggestions",
  stopped: "Not running",
  off: "Switched off",
  paused: "Paused in this window",
};

const PLACES: Readonly<Record<Place, readonly [short: string, long: string]>> = {
  local: ["local", "Code stays on this machine"],
  eu: ["EU", "Code goes to the European Union"],
  us: ["US", "Code goes to the United States"],
  cloud: ["cloud", "Code goes to another machine"],
};

/** The status bar's text: icon, model without its host, where code goes, and `today` in dollars, where it cost any. */
export function statusText(status: Status, today: number | undefined): string {
  const [model] = status.model.split(" at ");
  const spent = today ? (today < 0.01 ? "< $0.01" : `$${today.toFixed(2)}`) : "";
  const parts = [model?.trim() || "Codestral", status.place ? PLACES[status.place][0] : "", spent];
  return `${ICONS[status.state]} ${parts.filter(Boolean).join(" · ")}`;
}

/** The lines of its tooltip. `today` is in dollars. */
export function statusLines(status: Status, today: number | undefined): string[] {
  const where = status.place && `${PLACES[status.place][1]}${status.host ? ` (${status.host})` : ""}.`;
  return [
    `Codestral: ${STATES[status.state]}`,
    status.message,
    status.model,
    where ?? "",
    today === undefined ? "" : `Today: ${dollars(today)}`,
  ].filter(Boolean);
}

/** An amount as people write it; what is less than a hundredth of a cent is not hidden. */
export function dollars(amount: number): string {
  return amount === 0 ? "$0" : amount < 0.0001 ? "< $0.0001" : `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}
