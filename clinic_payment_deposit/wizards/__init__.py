from . import deposit_act
from . import desk_booking
from . import desk_booking_slot
