"""What is said on the phone: one conversation for each way in which a call can go."""

from typing import Final

GREETING: Final = "{company}, guten Tag, Sie sprechen mit Lina. Was kann ich für Sie tun?"
BOOKED: Final = """Agent: {greeting}
User: Ja, hallo, hier ist {name}. Ich hätte gern einen Termin, {service}, wenn's geht {day} um {time}.
Agent: Einen Moment, ich sehe nach. {day} um {time} ist noch frei, bei {staff}. Soll ich das eintragen?
User: Ja, sehr gern. Schicken Sie mir bitte eine Bestätigung aufs Handy.
Agent: Ist eingetragen. Sie bekommen gleich eine SMS an die Nummer, von der Sie anrufen. Kann ich noch etwas tun?
User: Nein, das war's schon. Vielen Dank, tschüss!
Agent: Gern. Auf Wiederhören!"""
UNCLEAR: Final = """Agent: {greeting}
User: Guten Tag, {name}. Ich bräuchte mal wieder einen Termin, {service}. Irgendwann nächste Woche, eher vormittags.
Agent: Gern. An welchem Tag würde es Ihnen denn passen?
User: Das weiß ich noch nicht genau, ich muss erst meine Schichten sehen. Kann mich vielleicht jemand zurückrufen?
Agent: Natürlich. Es meldet sich heute noch jemand bei Ihnen.
User: Wunderbar, danke schön."""
MOVED: Final = """Agent: {greeting}
User: Hier ist {name}. Ich habe einen Termin am Donnerstag und schaffe das leider nicht. Können wir den verschieben?
Agent: Ich sehe Ihren Termin. Wann würde es Ihnen besser passen?
User: {day}, so gegen {time}?
Agent: {day} um {time} ist frei, bei {staff}. Ich habe ihn verschoben.
User: Super, vielen Dank!"""
QUESTION: Final = """Agent: {greeting}
User: Ich wollte nur wissen, ob Sie am Samstag offen haben.
Agent: Am Samstag sind wir von neun bis vierzehn Uhr für Sie da. Möchten Sie einen Termin?
User: Nein, danke, ich komme einfach vorbei. Schönen Tag noch!"""
TALKS: Final = {"booked": BOOKED, "follow_up": UNCLEAR, "changed": MOVED, "no_request": QUESTION}
SUMMARIES: Final = {
    "booked": "{name} wünscht {service} {day} um {time}. Der Termin wurde eingetragen, Bestätigung per SMS.",
    "follow_up": "{name} möchte {service}, kann sich aber noch auf keinen Tag festlegen und bittet um Rückruf.",
    "changed": "{name} hat den Termin auf {day}, {time}, verschoben.",
    "no_request": "Frage nach den Öffnungszeiten am Samstag. Kein Terminwunsch.",
}
