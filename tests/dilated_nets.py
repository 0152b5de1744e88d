"""Networks with convolutions that are dilated along time, built by the walk that builds those of the search space."""

import dataclasses

from tsnas.space.architecture import Architecture


@dataclasses.dataclass(frozen=True)
class DilatedNet(Architecture):
    """A network whose cells are convolutions, each a pair of kernel and dilation.

    They follow a convolution of three taps, each reads what the one before it gives, and every second one is added to
    its input.
    """

    convolutions: tuple[tuple[int, int], ...] = ()
    filters: int = 8

    def walk(self, builder):
        x = builder.conv("stem", builder.input, self.filters, (3, 1))
        for index, (kernel, dilation) in enumerate(self.convolutions):
            y = builder.conv(f"conv{index}", x, self.filters, (kernel, 1), dilation=dilation)
            x = builder.add(f"add{index}", x, y) if index % 2 else y
        return builder.softmax(builder.logits("", x))


def dilated_net(time, channels, *convolutions, classes=3, filters=8):
    """The architecture of such a network."""
    return DilatedNet(time, channels, classes, (), convolutions=convolutions, filters=filters)
