"""What `up` says when everything is ready: where things are, how to sign in, what to try next."""

from rich.markup import escape

from stack.installation import DATABASE_SERVICES, Installation
from stack.issuer import Role
from stack.ports import LOOPBACK
from stack.progress import Progress, bilingual
from stack.settings import Settings

DEMONSTRATION_ROLES = {
    Role.DUTY_OFFICER: "trực ban",
    Role.FIRE_OFFICER: "cán bộ PCCC",
    Role.RESIDENCE_OFFICER: "cán bộ đăng ký cư trú",
    Role.DATA_PROTECTION_OFFICER: "cán bộ bảo vệ dữ liệu cá nhân",
    Role.ADMINISTRATOR: "quản trị hệ thống",
}


def announce(place: Installation, progress: Progress, seconds: float, now: float) -> None:
    """Print addresses, tokens valid for twelve hours from `now`, and the next commands to try."""
    progress.say()
    progress.say(f"[bold green]Phường số an toàn đã sẵn sàng[/] · ready in {seconds:.1f} s")
    _addresses(place, progress)
    _tokens(place, progress, now)
    _next_steps(place, progress)


def _addresses(place: Installation, progress: Progress) -> None:
    ports = place.ports
    rows = {
        ("Màn hình trực ban", "console"): f"{place.gateway_address}/",
        ("API và tài liệu", "HTTP API"): f"{place.gateway_address}/docs",
        ("PostgreSQL", "database"): f"{LOOPBACK}:{ports.postgres_port}",
        ("NATS", f"TLS too, monitor :{ports.nats_monitor_port}"): f"{LOOPBACK}:{ports.nats_port}",
        ("MQTT", _mqtt_security(place)): f"{LOOPBACK}:{ports.mqtt_port}",
    }
    for name in DATABASE_SERVICES:
        metrics = f"metrics http://{LOOPBACK}:{place.admin_port(name)}/metrics"
        rows[f"gRPC {name}", metrics] = place.target(name)
    simulated = ("Cơ sở dữ liệu dân cư giả lập", "simulated population database")
    rows[simulated] = place.population_target
    if place.has_dispatch:
        rows["Trung tâm 114 giả lập", "simulated dispatch centre"] = place.dispatch_target
    for (vietnamese, english), address in rows.items():
        progress.say(f"  {address:<28} {bilingual(vietnamese, english)}")


def _mqtt_security(place: Installation) -> str:
    return "TLS" if place.settings.mqtt_tls else "no TLS"


def _tokens(place: Installation, progress: Progress, now: float) -> None:
    progress.say()
    progress.say(bilingual("Mã đăng nhập thử, 12 giờ", "demonstration tokens, 12 hours"))
    for role, vietnamese in DEMONSTRATION_ROLES.items():
        progress.say(f"  {bilingual(vietnamese, role)}")
        progress.say(f"  {escape(place.issuer.token(role, now))}")


def _next_steps(place: Installation, progress: Progress) -> None:
    # Only a run directory other than the usual one must be named.
    where = "" if place.run_dir == Settings().run_dir else f"STACK_RUN_DIR={place.run_dir} "
    token = f"$({where}.venv/bin/python -m stack token duty_officer)"
    progress.say()
    progress.say(bilingual("Thử tiếp ở cửa sổ lệnh khác", "next, in a second terminal"))
    progress.say(f"  {where}make demo")
    progress.say(f'  curl -H "Authorization: Bearer {token}" {place.gateway_address}/v1/incidents')
    progress.say(bilingual("Ctrl-C để dừng; dữ liệu còn nguyên", "Ctrl-C stops; data stay"))
