"""Exercises."""

from grpc import aio

from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.operations.exercises import ExerciseOperations
from incidents.wire.exercises import read_exercise
from incidents.wire.incidents import incident_message
from ward.incidents.v1 import exercises_pb2 as pb
from ward.incidents.v1 import exercises_pb2_grpc


class ExercisesServicer(exercises_pb2_grpc.ExercisesServiceServicer):
    """The methods of `ExercisesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ExercisesService"].full_name

    def __init__(self, operations: ExerciseOperations) -> None:
        self._operations = operations

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        exercises_pb2_grpc.add_ExercisesServiceServicer_to_server(self, server)

    async def BeginExercise(
        self, request: pb.BeginExerciseRequest, context: Context
    ) -> pb.BeginExerciseResponse:
        """Begin an exercise."""
        begun = await self._operations.begin(read_exercise(request, current_account()))
        return pb.BeginExerciseResponse(incident=incident_message(begun))
